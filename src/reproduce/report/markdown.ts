/** The report as Markdown: the verdicts, and links to the folders of the parts. */
import { show } from '../../text/show.js';
import type { ReportFinding } from '../paper/verdicts.js';
import type { ReportPart, ReportSummary } from './shape.js';
import { byClaim, evidenceText, numberText, verdictCounts, verdictText } from './findings.js';
import { verdicts } from '../findings.js';
import {
  howToRead,
  introduction,
  summaryText,
  reportTitle,
  sectionHeadings,
  stateTexts,
} from './page.js';

/** Ends with a newline. */
export function reportMarkdown(summary: ReportSummary): string {
  const { findings, parts } = summary;
  const counts = verdictCounts(findings);
  const lines = [
    `# ${reportTitle}`,
    escapeMarkdown(introduction(summary)),
    summaryText(summary),
    verdicts.map((verdict) => `${verdictText(verdict)} ${counts[verdict]}`).join(' · '),
    howToRead(summary),
    ...Object.entries(sectionHeadings).flatMap(([section, heading]) => {
      const own = findings.filter((finding) => finding.section === section);
      return own.length === 0 ? [] : [`## ${heading}`, ...byClaim(own).map(claimTable)];
    }),
    '## What was run',
    markdownTable(['Part', 'State', 'Seconds'], parts.map(partRow)),
  ];
  return `${lines.join('\n\n')}\n`;
}

function claimTable(findings: readonly ReportFinding[]): string {
  const [first] = findings;
  const claim = first ? `**${escapeMarkdown(first.source)}.** ${escapeMarkdown(first.claim)}` : '';
  const rows = findings.map((finding) => [
    verdictText(finding.verdict),
    [`${finding.measure}.`, finding.note ?? ''].join(' ').trim(),
    numberText(finding),
    evidenceText(finding),
    finding.records,
  ]);
  const head = ['Verdict', 'Measured here', 'Number', 'Evidence', 'Records'];
  return `${claim}\n\n${markdownTable(head, rows)}`;
}

function partRow({ name, state, milliseconds, error }: ReportPart): Cell[] {
  const seconds = milliseconds === null ? '–' : String(Math.round(milliseconds / 1000));
  const folder = state === 'left out' ? name : [`${name}/`];
  return [folder, error === null ? stateTexts[state] : `${stateTexts[state]}: ${error}`, seconds];
}

/** Text, or paths to link to. */
type Cell = string | readonly string[];

function markdownTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const cellText = (cell: Cell): string =>
    typeof cell === 'string'
      ? escapeMarkdown(cell)
      : cell
          .map(
            (path) =>
              `[${escapeMarkdown(path)}](${encodeURI(path).replace(/[()]/g, (mark) => (mark === '(' ? '%28' : '%29'))})`,
          )
          .join(', ') || '–';
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map((row) => line(row.map(cellText))),
  ].join('\n');
}

/** What comes from models and files must not become marks of Markdown. */
function escapeMarkdown(text: string): string {
  return show(text)
    .replace(/[\\|*_`<>[\]]/g, (mark) => `\\${mark}`)
    .replace(/\s+/g, ' ');
}
