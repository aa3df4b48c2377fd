/** The report: every finding with its verdict in words, its number, and where its records are. */
import { describe, expect, it } from 'vitest';
import type { ReportFinding } from '../../src/reproduce/paper/verdicts.js';
import {
  evidenceText,
  numberText,
  overviewHtml,
  verdictCounts,
  verdictText,
} from '../../src/reproduce/report/findings.js';
import { verdicts } from '../../src/reproduce/findings.js';
import { markup } from '../../src/text/markup.js';
import { renderPage } from '../../src/plot/page/html.js';
import { lensPage } from '../../src/experiment/lens/page.js';
import { scanPage } from '../../src/experiment/scan/page.js';
import { sweepPage } from '../../src/experiment/sweep/page.js';
import { reportMarkdown } from '../../src/reproduce/report/markdown.js';
import { reportPage, sectionHeadings } from '../../src/reproduce/report/page.js';
import { lensExample, scanExample, sweepExample } from '../experiment/examples.js';
import { reportExample } from '../reproduce/example.js';

const { findings } = reportExample;
const hostile = '</td><img src=x onerror="alert(1)">|*[a](b)';
const some = (change: Partial<ReportFinding>): ReportFinding => {
  const [first] = findings;
  if (!first) throw new Error('no finding');
  return { ...first, ...change };
};

describe('a finding in words', () => {
  it('has its number with unit and interval, n and p', () => {
    const finding = some({ estimate: 12.34, ci: [8.1, 16.5], unit: 'points', n: 300 });
    expect(numberText(finding)).toBe('12.3 [8.1, 16.5] points');
    expect(evidenceText({ ...finding, adjustedP: 0.0000123 })).toBe('n = 300, p < 0.001');
    expect(evidenceText({ ...finding, adjustedP: 0.0421 })).toBe('n = 300, p = 0.042');
    const none = some({ estimate: null, ci: null, n: 0, adjustedP: null });
    expect([numberText(none), evidenceText(none)]).toEqual(['–', '–']);
  });

  it('has a verdict of a mark and a word, all of them different', () => {
    const texts = verdicts.map(verdictText);
    expect(texts).toEqual(['✓ holds', '✗ opposite', '○ undecided', '◌ too few', '– not tested']);
  });

  it('is counted once', () => {
    const counts = Object.values(verdictCounts(findings));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(findings.length);
  });

  it('is escaped', () => {
    const html = overviewHtml([some({ claim: hostile, about: hostile, records: [hostile] })]).text;
    expect(html).not.toContain('<img');
  });
});

describe('reportPage', () => {
  const pages = new Map([
    ['sweep-corrector-arithmetic-m', sweepPage(sweepExample)],
    ['scan-aligner-arithmetic-m', scanPage(scanExample)],
    ['lens-corrector-arithmetic-m', lensPage(lensExample)],
  ]);
  const page = reportPage(reportExample, pages);
  const html = renderPage(page, { plotly: '' });

  it('begins with a summary: a sentence, and each figure with its verdicts', () => {
    const [first] = page.sections;
    expect(first?.heading).toBe('Summary');
    const text = first && 'html' in first ? first.html.text : '';
    const counts = verdictCounts(findings);
    expect(text).toContain(`Of ${findings.length} findings ${counts.holds} hold, ${counts.opposite} are the opposite`); // prettier-ignore
    for (const section of new Set(findings.map((finding) => finding.section))) {
      expect(html).toContain(`href="#section-${section}"`);
      expect(html).toContain(`<details id="section-${section}">`);
    }
  });

  it('sets apart what has too few for a verdict, and folds what was not decided', () => {
    const [first, second, ...rest] = findings;
    if (!first || !second) throw new Error('no findings');
    const few: ReportFinding = { ...first, verdict: 'tooFew', p: null, adjustedP: null, n: 8 };
    const undecided: ReportFinding = { ...second, verdict: 'undecided', adjustedP: 0.4 };
    const some = reportPage({ ...reportExample, findings: [few, undecided, ...rest] });
    const bodies = some.sections.map((section) => ('html' in section ? section : null));
    const find = (heading: string): string =>
      bodies.find((section) => section?.heading.startsWith(heading) && section.folded)?.html.text ??
      '';
    expect(find('◌ Too few for a verdict')).toContain(`href="#${few.id}"`);
    expect(find('○ Undecided')).not.toContain(`href="#${few.id}"`);
    expect(find('○ Undecided')).toContain(`href="#${undecided.id}"`);
  });

  it('shows what was measured beside the number and its unit', () => {
    const [finding] = findings.filter(({ verdict }) => verdict === 'holds');
    if (!finding) throw new Error('no finding');
    const row = overviewHtml([finding]).text;
    expect(row).toContain(`<strong>${numberText(finding)}</strong>`);
    expect(numberText(finding)).toMatch(new RegExp(` ${finding.unit}$`));
    expect(row).toContain(String(markup`<small>${finding.measure}</small>`));
  });

  it('has every finding once in full; each verdict leads to it', () => {
    for (const { id } of findings) {
      expect(html).toContain(`href="#${id}"`);
      expect(html.split(`id="${id}"`)).toHaveLength(2);
    }
  });

  it('puts the figures of a part under the figure of the paper they stand beside', () => {
    const headings = page.sections.map(({ heading }) => heading);
    const placeOf = (heading: string): number =>
      headings.findIndex((one) => one.startsWith(heading));
    const at = placeOf(sectionHeadings.steering);
    expect(headings[at + 1]).toBe('corrector-arithmetic-m: Steering curve, loop mode');
    const scan = placeOf(sectionHeadings.scan);
    expect(headings[scan + 1]).toBe('aligner-arithmetic-m: LAT scan');
  });

  it('names every figure differently, for files', () => {
    const names = page.sections.flatMap((section) => ('draw' in section ? section.name : []));
    expect(names).toContain('sweep-corrector-arithmetic-m-steering-curve');
    expect(new Set(names).size).toBe(names.length);
  });

  it('says which part failed and why, and which was not run', () => {
    const last = page.sections.at(-1);
    const content = last && 'html' in last ? last.html.text : '';
    expect(content).toContain('stimuli: all 256 stimuli are labelled copy');
    expect(content).toContain('not run');
  });

  it('needs no part to be drawn', () => {
    expect(renderPage(reportPage(reportExample), { plotly: '' })).not.toContain('<script');
  });
});

describe('reportMarkdown', () => {
  const markdown = reportMarkdown(reportExample);

  it('has every finding with verdict, number and a link to its records', () => {
    const rows = markdown.split('\n').filter((line) => /^\| [✓✗○–] /.test(line));
    expect(rows).toHaveLength(findings.length);
    expect(rows[0]).toMatch(/\| \[rounds\/records\.jsonl\]\(rounds\/records\.jsonl\) \|$/);
  });

  it('has as many cells in every row of a table', () => {
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    const tables = markdown
      .trim()
      .split('\n\n')
      .filter((block) => block.startsWith('|'));
    for (const table of tables) {
      expect(new Set(table.split('\n').map(cells)).size, table.slice(0, 80)).toBe(1);
    }
  });

  it('keeps marks of models and files from being read as Markdown', () => {
    const text = reportMarkdown({ ...reportExample, notes: [hostile] });
    expect(text).toContain('\\<img src=x onerror="alert(1)"\\>\\|\\*\\[a\\](b)');
  });
});
