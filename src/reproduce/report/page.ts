/** The report of a reproduction: the verdicts first, then each figure of the paper beside ours. */
import type { Section } from '../paper/finding.js';
import type { PartKind } from '../plan.js';
import type { ReportPart, ReportSummary } from './shape.js';
import { markup, type Markup } from '../../text/markup.js';
import { verdicts, type Verdict } from '../findings.js';
import { leastUnits, type ReportFinding } from '../paper/verdicts.js';
import {
  countsText,
  findingsHtml,
  overviewHtml,
  verdictCounts,
  verdictHtml,
  verdictTexts,
} from './findings.js';
import type { HtmlSection, Page, PageSection } from '../../plot/page/page.js';
import { tableHtml } from '../../plot/table.js';

/** The pages of the parts that are complete, by the parts' names. */
export type PartPages = ReadonlyMap<string, Page>;

export const reportTitle = 'The Stream Aligner paper, reproduced';

export const sectionHeadings: Readonly<Record<Section, string>> = {
  rounds: 'Figure 3: correction rounds',
  scores: 'Figure 4: scores and length by round',
  modes: 'Figure 5: classic and continue',
  time: 'Figure 6: accuracy and time',
  systems: 'Figure 7: against Aligner, proxy-tuning, SFT and DPO',
  latency: 'Latency',
  steering: 'Figure 8: steering the correction',
  scan: 'Figure 9: LAT scans',
  causal: 'Beyond the paper: is what the scan reads a cause?',
  lens: 'Beyond the paper: when is the first word settled?',
  elsewhere: 'What cannot be tested here',
};

/** What is shown of a part's page, by figure name, and where; all the rest is in its folder. */
const shown: Readonly<Record<PartKind, Readonly<Record<string, Section>>>> = {
  rounds: {
    'accuracy-by-round': 'rounds',
    'scores-by-round': 'scores',
    'generation-modes': 'modes',
  },
  compare: { 'accuracy-time': 'time', 'systems-by-size': 'systems', latency: 'latency' },
  sweep: { 'steering-curve': 'steering' },
  scan: { 'lat-scan': 'scan', accuracy: 'scan' },
  causal: { 'boundary-patching': 'causal', ablation: 'causal', 'layer-controls': 'causal' },
  lens: { settling: 'lens' },
};

/** The whole report. Parts without a page leave their findings and no figure. */
export function reportPage(summary: ReportSummary, pages: PartPages = new Map()): Page {
  const { findings } = summary;
  const sections = (Object.keys(sectionHeadings) as Section[]).flatMap((section): PageSection[] => {
    const own = findings.filter((finding) => finding.section === section);
    const figures = figuresFor(section, summary, pages);
    if (own.length === 0 && figures.length === 0) return [];
    return [
      {
        heading: `${sectionHeadings[section]} (${countsText(own)})`,
        ...{ caption: '', html: findingsHtml(own), folded: true, id: anchorOf(section) },
      },
      ...figures,
    ];
  });
  return {
    title: reportTitle,
    introduction: introduction(summary),
    sections: [
      summarySection(summary),
      ...verdictSections(summary),
      ...sections,
      partsSection(summary),
    ],
  };
}

/** What was run, in a paragraph. */
export function introduction({ models, judges, data, extent, notes }: ReportSummary): string {
  const compared = judges
    ? ` Answers were compared with the upstream's own by ${judges.map(({ name }) => name).join(', ')}.`
    : '';
  const correctors = models.sizes.map(({ corrector }) => corrector).join(', ');
  const size =
    extent === 'quick'
      ? ' A quick run: few problems, and only the parts in which these can decide something.'
      : '';
  return `Upstream ${models.upstream}, correctors ${correctors}; ${data}.${compared}${size}${notes.map((note) => ` ${note}`).join('')}`;
}

function anchorOf(section: Section): string {
  return `section-${section}`;
}

/** All findings in a sentence. */
export function summaryText({ findings }: Pick<ReportSummary, 'findings'>): string {
  const { holds, opposite, undecided, tooFew, untestable } = verdictCounts(findings);
  return (
    `Of ${findings.length} findings ${holds} hold, ${opposite} are the opposite and ${undecided} are undecided. ` +
    `${tooFew} rest on fewer than ${leastUnits} problems or pairs, too few for any verdict; ${untestable} are not tested here.`
  );
}

/** The sentence, and a line for every figure of the paper. */
function summarySection(summary: ReportSummary): HtmlSection {
  const { findings } = summary;
  const line = (section: Section): Markup => {
    const counts = verdictCounts(findings.filter((finding) => finding.section === section));
    const cells = verdicts.map(
      (verdict) => markup`<td>${counts[verdict] === 0 ? '' : counts[verdict]}</td>`,
    );
    return markup`<tr><td><a href="#${anchorOf(section)}">${sectionHeadings[section]}</a></td>${cells}</tr>`;
  };
  const shown = (Object.keys(sectionHeadings) as Section[]).filter((section) =>
    findings.some((finding) => finding.section === section),
  );
  const heads = verdicts.map(
    (verdict) => markup`<th title="${verdictTexts[verdict]}">${verdictHtml(verdict)}</th>`,
  );
  return {
    heading: 'Summary',
    caption: howToRead(summary),
    html: markup`<p>${summaryText(summary)}</p><table class="counts"><thead><tr><th></th>${heads}</tr></thead><tbody>${shown.map(line)}</tbody></table>`,
  };
}

/** What was decided is open to the eye; what was not is one click away. */
function verdictSections({ findings }: ReportSummary): HtmlSection[] {
  const groups: { heading: string; of: readonly Verdict[]; folded: boolean }[] = [
    { heading: '✓ ✗ Decided', of: ['holds', 'opposite'], folded: false },
    { heading: '○ Undecided: the data do not say', of: ['undecided'], folded: true },
    {
      heading: `◌ Too few for a verdict: under ${leastUnits} problems or pairs`,
      ...{ of: ['tooFew'], folded: true },
    },
    { heading: '– Not tested here', of: ['untestable'], folded: true },
  ];
  return groups.flatMap(({ heading, of, folded }) => {
    const own = of.flatMap((verdict) => findings.filter((finding) => finding.verdict === verdict));
    return own.length === 0 ? [] : [sectionOf(`${heading} (${own.length})`, own, folded)];
  });
}

function sectionOf(
  heading: string,
  findings: readonly ReportFinding[],
  folded: boolean,
): HtmlSection {
  return { heading, caption: '', html: overviewHtml(findings), folded };
}

/** What a verdict means, once for the report. */
export function howToRead({ level, findings }: Pick<ReportSummary, 'level' | 'findings'>): string {
  const tested = findings.filter(({ p }) => p !== null).length;
  return (
    'Every rule was written into the code before the run: what is measured, and the threshold. ' +
    `Numbers with 95 % intervals by bootstrap over problems (or pairs of runs); p two-sided, from the same draws, after Holm's correction over all ${tested} findings tested. ` +
    `A finding holds where its number is above the threshold at p <= ${level}, is the opposite where it is below it likewise, and else undecided. ` +
    'Records lie in the folder of the part, records.jsonl.'
  );
}

/** Win rates beside lengths are as many figures as there are judges. */
function placeOf(kind: PartKind, figure: string): Section | undefined {
  if (kind === 'rounds' && /^judged-\d+$/.test(figure)) return 'scores';
  return shown[kind][figure];
}

function figuresFor(section: Section, { parts }: ReportSummary, pages: PartPages): PageSection[] {
  return parts.flatMap((part) =>
    (pages.get(part.name)?.sections ?? []).flatMap((found): PageSection[] => {
      const place = 'draw' in found ? placeOf(part.kind, found.name) : undefined;
      if (place !== section || !('draw' in found)) return [];
      const heading = part.model === null ? found.heading : `${part.model}: ${found.heading}`;
      return [{ ...found, heading, name: `${part.name}-${found.name}`, minor: true }];
    }),
  );
}

export const stateTexts: Readonly<Record<ReportPart['state'], string>> = {
  done: 'done',
  kept: 'complete before',
  failed: 'failed',
  'left out': 'not run',
};

function partsSection({ parts }: ReportSummary): HtmlSection {
  const rows = parts.map(({ name, state, milliseconds, error }) => ({
    part: name,
    state: stateTexts[state],
    seconds: milliseconds === null ? null : Math.round(milliseconds / 1000),
    ...(parts.some((part) => part.error !== null) && { why: error }),
  }));
  return {
    heading: 'What was run',
    folded: true,
    caption:
      'Each part is a run folder of its own: manifest.json says with what, records.jsonl what came out, and `aligner-lab plot <folder>` draws all of its figures.',
    html: tableHtml(rows),
  };
}
