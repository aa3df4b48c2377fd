/** Findings as tables: what the paper says, our number, and the verdict in a word and a mark. */
import type { ReportFinding } from '../paper/verdicts.js';
import type { Verdict } from '../findings.js';
import { markup, type Markup, type MarkupPart } from '../../text/markup.js';
import { fixed, intervalText } from '../../plot/figure.js';

/** Marks that differ in shape, so that nothing hangs on colour. */
const verdictMarks: Readonly<Record<Verdict, string>> = {
  holds: '✓',
  opposite: '✗',
  undecided: '○',
  untestable: '–',
};

const verdictWords: Readonly<Record<Verdict, string>> = {
  holds: 'holds',
  opposite: 'opposite',
  undecided: 'undecided',
  untestable: 'not tested',
};

export const verdictTexts: Readonly<Record<Verdict, string>> = {
  holds: 'above the threshold',
  opposite: 'below it',
  undecided: 'the data do not say',
  untestable: 'no number here',
};

/** As they are listed. */
export const verdictOrder = ['holds', 'opposite', 'undecided', 'untestable'] as const;

/** `✓ holds` */
export function verdictText(verdict: Verdict): string {
  return `${verdictMarks[verdict]} ${verdictWords[verdict]}`;
}

/** `12.3 points [8.1, 16.5]`; `–` where there is no number. */
export function numberText({ estimate, ci, unit }: ReportFinding): string {
  return estimate === null ? '–' : `${fixed(estimate)}${intervalText(ci)} ${unit}`;
}

/** `n = 300, p = 0.004`, p after Holm's correction. */
export function evidenceText({ n, adjustedP, estimate }: ReportFinding): string {
  if (estimate === null) return '–';
  return `n = ${n}, ${adjustedP === null ? 'no p' : `p ${probabilityText(adjustedP)}`}`;
}

function probabilityText(p: number): string {
  return p < 0.001 ? '< 0.001' : `= ${Number(p.toPrecision(2))}`;
}

/** How many findings have each verdict, e.g. `✓ 12 hold`. */
export function verdictCounts(findings: readonly ReportFinding[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { holds: 0, opposite: 0, undecided: 0, untestable: 0 };
  for (const { verdict } of findings) counts[verdict] += 1;
  return counts;
}

/** Findings that ask the same of several models, in the order given. */
export function byClaim(findings: readonly ReportFinding[]): ReportFinding[][] {
  const groups = new Map<string, ReportFinding[]>();
  for (const finding of findings) {
    const key = `${finding.source}\n${finding.claim}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

/** Every finding in a line under its claim: its verdict leads to the row that says more. */
export function overviewHtml(findings: readonly ReportFinding[]): Markup {
  return table(['Verdict', 'Of', 'Number', 'Evidence', 'Records'], findings, (finding) => [
    markup`<a href="#${finding.id}"><b class="${finding.verdict}">${verdictText(finding.verdict)}</b></a>`,
    finding.about,
    numberText(finding),
    evidenceText(finding),
    recordsHtml(finding),
  ]);
}

/** The same with what was measured, and what a reader must know beside the number. */
export function findingsHtml(findings: readonly ReportFinding[]): Markup {
  return table(['Verdict', 'Measured here', 'Number', 'Evidence'], findings, (finding) => {
    const { verdict, measure, note, threshold, unit, id } = finding;
    const bound = threshold === 0 ? '' : ` Threshold ${fixed(threshold)} ${unit}.`;
    const beside = note === null ? '' : markup`<small>${note}</small>`;
    return [
      markup`<b class="${verdict}" id="${id}">${verdictText(verdict)}</b>`,
      markup`${measure}.${bound}${beside}`,
      numberText(finding),
      evidenceText(finding),
    ];
  });
}

function recordsHtml({ records }: ReportFinding): MarkupPart {
  const folders = records.map((path) => markup`<code>${path.split('/')[0] ?? path}/</code> `);
  return folders.length === 0 ? '–' : folders;
}

/** On a narrow screen a row becomes a block of lines, each with the name of its column. */
function table(
  columns: readonly string[],
  findings: readonly ReportFinding[],
  cells: (finding: ReportFinding) => MarkupPart[],
): Markup {
  const row = (finding: ReportFinding): Markup =>
    markup`<tr>${cells(finding).map((cell, i) => markup`<td data-name="${columns[i] ?? ''}">${cell}</td>`)}</tr>`;
  const groups = byClaim(findings).map((group) => {
    const [first] = group;
    if (!first) return '';
    const claim = markup`<span>${first.source}</span> ${first.claim}`;
    const head = markup`<tr class="claim"><th colspan="${columns.length}" scope="rowgroup">${claim}</th></tr>`;
    return markup`<tbody>${head}${group.map(row)}</tbody>`;
  });
  const head = columns.map((name) => markup`<th scope="col">${name}</th>`);
  return markup`<table class="findings"><thead><tr>${head}</tr></thead>${groups}</table>`;
}
