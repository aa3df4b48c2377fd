/** Tables and numbers for people. */
import type { Interval } from '../math/interval.js';
import { brokenTo, columnsOf } from './columns.js';
import { showLine } from './show.js';

/** A table that is not laid out yet: how wide it may be is known where it is shown. */
export class Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];

  constructor(head: readonly string[], rows: readonly (readonly string[])[]) {
    this.head = head;
    this.rows = rows;
  }
}

const between = 2;
/** A first column that leaves no room is broken to no less than this. */
const narrowest = 12;

/**
 * Columns aligned, the first to the left and the others to the right; two spaces between. Where they
 * do not fit, the columns that do stand in a table of their own, and the next below it, each behind
 * the first column; what is too wide even then goes over several lines.
 * @param width columns of the terminal; default: any
 */
export function layOut({ head, rows }: Table, width = Infinity): string {
  const cells = [head, ...rows].map((row) => head.map((_, i) => showLine(row[i] ?? '')));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => columnsOf(row[i] ?? ''))));
  const [own = 0, ...others] = widths;
  const widest = Math.max(0, ...others);
  const first = Math.max(Math.min(own, width - between - widest), Math.min(own, narrowest));
  const most = Math.max(1, Math.min(widest, width - between - first));
  const parts = partsOf(others.map((one) => Math.min(one, most)), width - first); // prettier-ignore
  return parts.map((part) => block(cells, [{ at: 0, width: first }, ...part])).join('\n\n');
}

/** A table at its full width. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return layOut(new Table(head, rows));
}

interface Column {
  at: number;
  width: number;
}

/** Columns but the first, in as many parts as it takes. */
function partsOf(widths: readonly number[], room: number): Column[][] {
  const parts: Column[][] = [[]];
  let left = room;
  for (const [i, width] of widths.entries()) {
    if (width + between > left && parts.at(-1)?.length !== 0) {
      parts.push([]);
      left = room;
    }
    parts.at(-1)?.push({ at: i + 1, width });
    left -= width + between;
  }
  return parts;
}

function block(cells: readonly (readonly string[])[], columns: readonly Column[]): string {
  const lines = cells.flatMap((row) => {
    const broken = columns.map(({ at, width }) => brokenTo(row[at] ?? '', width));
    const tall = Math.max(...broken.map((pieces) => pieces.length));
    return Array.from({ length: tall }, (_, line) =>
      columns.map(({ at, width }, i) => padded(broken[i]?.[line] ?? '', { width, left: at > 0 })),
    );
  });
  return lines.map((line) => line.join(' '.repeat(between)).trimEnd()).join('\n');
}

function padded(text: string, { width, left }: { width: number; left: boolean }): string {
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return left ? blanks + text : text + blanks;
}

/** `93.0 %`, or `–` where undefined. */
export function percent(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? '–' : `${(100 * rate).toFixed(1)} %`;
}

/** `93.0 % [90.1, 95.2]`, or with what it is a share of `93.0 % [90.1, 95.2] of 200`. */
export function percentWithin(
  rate: number | null | undefined,
  ci: Interval | null | undefined,
  n?: number,
): string {
  if (rate === null || rate === undefined) return percent(rate);
  const within = ci ? ` [${ci.map((bound) => (100 * bound).toFixed(1)).join(', ')}]` : '';
  return percent(rate) + within + (n === undefined ? '' : ` of ${n}`);
}

/** Three significant digits, or `–` where undefined. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `0.512 [0.480, 0.544]` */
export function figureWithin(
  value: number | null | undefined,
  ci: Interval | null | undefined,
): string {
  return ci ? `${figure(value)} [${ci.map(figure).join(', ')}]` : figure(value);
}
