/** The grid as tables in Markdown: one to look over, one with every figure. */

export type Precision = 'fp32' | 'fp16' | 'int8' | 'int4' | 'int4, fp16' | 'int4, int8';

/** What is known of one export; null where it could not be had. */
export interface Line {
  architecture: string;
  exporter: string;
  precision: Precision | '';
  found: string;
  /** The file as it is, against PyTorch: its logits. */
  file: number | null;
  /** The edited file against the file as it is: logits. */
  edited: number | null;
  read: number | null;
  logits: number | null;
  steer: number | null;
  /** Tokens that differ though the top two logits were further apart than the tolerance. */
  wrong: number | null;
  /** Tokens that differ where they were not. */
  ties: number | null;
  remark: string;
}

export function emptyLine(architecture: string, exporter: string): Line {
  return {
    architecture, exporter, precision: '', found: '', file: null, edited: null,
    read: null, logits: null, steer: null, wrong: null, ties: null, remark: '',
  }; // prettier-ignore
}

/** Architectures down, exporters across: the largest difference from what a file is held against. */
export function overview(lines: readonly Line[]): string {
  const architectures = [...new Set(lines.map((line) => line.architecture))].sort();
  const exporters = [...new Set(lines.map((line) => line.exporter))].sort();
  const rows = architectures.map((architecture) => [
    architecture,
    ...exporters.map((exporter) => {
      const found = lines.filter((l) => l.architecture === architecture && l.exporter === exporter);
      const best = found.find(({ found }) => found !== '') ?? found[0];
      return best === undefined ? '' : cell(best);
    }),
  ]);
  return markdown(['architecture', ...exporters], rows);
}

function cell({ remark, read, logits, steer, edited, wrong }: Line): string {
  if (remark.startsWith('not exported')) return '–';
  if (remark.startsWith('the file itself does not run')) return 'does not run';
  if (remark.includes('FAILED')) return '**failed**';
  const against = read === null ? '*' : '';
  const worst = Math.max(...[read, logits, steer, edited].map((x) => x ?? 0));
  return `${worst.toExponential(0)}${against}${wrong ? ` (${wrong} tokens)` : ''}`;
}

/** A line per export. */
export function wholeTable(lines: readonly Line[]): string {
  const head = ['architecture', 'exporter', 'precision', 'found', 'file', 'edited', 'read', 'logits', 'steered', 'tokens wrong', 'near-ties', 'remark']; // prettier-ignore
  const number = (x: number | null): string => (x === null ? '' : x.toExponential(1));
  const count = (x: number | null): string => (x === null ? '' : String(x));
  const rows = lines.map((l) => [
    l.architecture, l.exporter, l.precision, l.found, number(l.file), number(l.edited), number(l.read),
    number(l.logits), number(l.steer), count(l.wrong), count(l.ties), l.remark.replaceAll('|', '\\|'),
  ]); // prettier-ignore
  return markdown(head, rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
