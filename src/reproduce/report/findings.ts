/** Findings as tables: what the paper says, our number, and the verdict in a word and a mark. */
import type { ReportFinding } from '../paper/verdicts.js';
import { verdicts, type Verdict } from '../findings.js';
import { markup, type Markup, type MarkupPart } from '../../text/markup.js';
import { fixed, intervalText } from '../../plot/figure.js';

/** Marks that differ in shape, so that nothing hangs on colour. */
const verdictMarks: Readonly<Record<Verdict, string>> = {
  holds: '✓',
  opposite: '✗',
  undecided: '○',
  tooFew: '◌',
  untestable: '–',
};

const verdictWords: Readonly<Record<Verdict, string>> = {
  holds: 'holds',
  opposite: 'opposite',
  undecided: 'undecided',
  tooFew: 'too few',
  untestable: 'not tested',
};

export const verdictTexts: Readonly<Record<Verdict, string>> = {
  holds: 'above the threshold',
  opposite: 'below it',
  undecided: 'the data do not say',
  tooFew: 'too few problems or pairs for any verdict',
  untestable: 'no number here',
};

/** `✓ holds`, the word apart, since narrow tables have room for the mark alone. */
export function verdictHtml(verdict: Verdict): Markup {
  return markup`${verdictMarks[verdict]} <span>${verdictWords[verdict]}</span>`;
}

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
  const counts = { holds: 0, opposite: 0, undecided: 0, tooFew: 0, untestable: 0 };
  for (const { verdict } of findings) counts[verdict] += 1;
  return counts;
}

/** `✓ 3  ○ 2`: of those that there are. */
export function countsText(findings: readonly ReportFinding[]): string {
  const counts = verdictCounts(findings);
  return verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${verdictMarks[verdict]} ${counts[verdict]}`)
    .join('  ');
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

/**
 * Every finding in a line under its claim: its verdict leads to the row that says more. The number has
 * its unit and interval, and below it what was measured.
 */
export function overviewHtml(findings: readonly ReportFinding[]): Markup {
  const columns = ['Verdict', 'Of', 'Measured, with its unit', 'Evidence', 'Records'];
  return table({ columns, kind: 'overview' }, findings, (finding) => [
    markup`<a href="#${finding.id}"><b class="${finding.verdict}">${verdictText(finding.verdict)}</b></a>`,
    finding.about,
    markup`<div><strong>${numberText(finding)}</strong><small>${finding.measure}</small></div>`,
    evidenceText(finding),
    recordsHtml(finding),
  ]);
}

/** The same with what was measured, and what a reader must know beside the number. */
export function findingsHtml(findings: readonly ReportFinding[]): Markup {
  const columns = ['Verdict', 'Measured here', 'Number', 'Evidence'];
  return table({ columns, kind: 'details' }, findings, (finding) => {
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
  { columns, kind }: { columns: readonly string[]; kind: 'overview' | 'details' },
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
  return markup`<table class="findings ${kind}"><thead><tr>${head}</tr></thead>${groups}</table>`;
}
