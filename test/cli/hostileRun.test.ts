/** Somebody else's run folder through `plot`: its texts stay texts, and nothing outside it is touched. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderPage } from '../../src/plot/page/html.js';
import { defaultRoom } from '../../src/plot/layout/panels.js';
import { figuresOf } from '../../src/plot/page/page.js';
import { safeFigure } from '../../src/plot/figure.js';
import { toJson } from '../../src/record/json.js';
import { reportMarkdown } from '../../src/reproduce/report/markdown.js';
import { reportPage } from '../../src/reproduce/report/page.js';
import { reportSummary, type ReportSummary } from '../../src/reproduce/report/shape.js';
import { roundsExample } from '../experiment/answerExamples.js';
import { scanExample } from '../experiment/examples.js';
import { hostile, hostileAs, hostilePages as hostiles } from '../experiment/hostile.js';
import { reportExample } from '../reproduce/example.js';
import { temporaryFolder } from '../runtime/models.js';
import { call } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

/** Elements and attributes of a page, its scripts' content left out. */
const tagsOf = (html: string): string[] =>
  html.replace(/(<script[^>]*>)[^]*?<\/script>/g, '$1').match(/<[a-z!][^>]*>/gi) ?? [];

function expectHarmless(html: string, scripts: number): void {
  const tags = tagsOf(html);
  expect(tags.filter((tag) => tag.startsWith('<script'))).toHaveLength(scripts);
  expect(tags.filter((tag) => /^<(img|a|iframe|object|embed|form|svg)\b/i.test(tag) && !/^<a href="#[^"]*">$/.test(tag))).toEqual([]); // prettier-ignore
  expect(tags.filter((tag) => /\son\w+\s*=/i.test(tag.replace(/"[^"]*"/g, '')))).toEqual([]);
  expect(html).not.toContain('<!--');
}

describe('a page of hostile texts', () => {
  it.each(hostiles)('$kind has no tag, attribute or script of theirs', ({ page }) => {
    const html = renderPage(page, { plotly: '' });
    expectHarmless(html, figuresOf(page).length > 0 ? 4 : 0);
    expect(html).toContain('&lt;img src=x');
  });

  it.each(hostiles)('$kind has figures in which plotly finds no tag of theirs', ({ page }) => {
    for (const { draw } of figuresOf(page)) {
      const texts = JSON.stringify(safeFigure(draw(defaultRoom))).match(/<[^>]*>?/g) ?? [];
      const own = /^<\/?(b|br|extra)>$/;
      expect(texts.filter((text) => !own.test(text))).toEqual([]);
    }
  });

  const report = hostileAs<ReportSummary>(reportSummary, reportExample);

  it('of a report, whose verdicts and names are what they may be', () => {
    const pages = new Map(report.parts.map(({ name }, i) => [name, hostiles[i % hostiles.length]?.page ?? { title: '', sections: [] }])); // prettier-ignore
    expectHarmless(renderPage(reportPage(report, pages), { plotly: '' }), 4);
  });

  it('of a report in Markdown has no link of theirs', () => {
    const links = [...reportMarkdown(report).matchAll(/(?<!\\)\]\(([^)]*)\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [, target = ''] of links) expect(target).toMatch(/^[\w-]+\/(records\.jsonl)?$/);
  });
});

function writeRun(name: string, files: Record<string, unknown>): string {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(cwd, name, file, '..'), { recursive: true });
    writeFileSync(join(cwd, name, file), toJson(content));
  }
  return name;
}

describe('plot', () => {
  it('draws all of it, text as text', async () => {
    const summaries = hostiles.map(({ kind, summary }) => [`${kind}.json`, summary] as const);
    const run = writeRun('hostile', Object.fromEntries(summaries));
    const { code, stderr } = await call(['plot', run, '--format', 'html,json', '--out', 'out'], { cwd }); // prettier-ignore
    expect(code, stderr).toBe(0);
    const files = readdirSync(join(cwd, 'out'));
    expect(files.filter((file) => file.endsWith('.html'))).toHaveLength(hostiles.length);
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const { caption, ...drawn } = JSON.parse(readFileSync(join(cwd, 'out', file), 'utf8')) as Record<string, unknown>; // prettier-ignore
      expect(caption).toBeUndefined();
      expect(JSON.stringify({ ...drawn, layout: { ...(drawn.layout as object), meta: null } })).not.toContain('<a'); // prettier-ignore
    }
  });

  const [finding] = reportExample.findings;
  const [part] = reportExample.parts;

  const odd: [string, unknown][] = [
    ['verdict', { ...reportExample, findings: [{ ...finding, verdict: `x" ${hostile}` }] }],
    ['records', { ...reportExample, findings: [{ ...finding, records: ['javascript:alert(1)'] }] }],
    ['records', { ...reportExample, findings: [{ ...finding, records: ['../../x'] }] }],
  ];
  for (const name of [
    '../secret',
    '/etc',
    'a/b',
    '..',
    '',
    'a\\b',
    'C:',
    'NUL',
    'a\0b',
    '\u001b[2J',
  ]) {
    odd.push(['name', { ...reportExample, parts: [{ ...part, name }] }]);
  }

  it.each(odd)('refuses a %s that may not be, by its place', async (key, report) => {
    const run = writeRun('odd', { 'report.json': report });
    writeRun('secret', { 'rounds.json': roundsExample });
    const { code, stderr } = await call(['plot', run, '--out', 'never'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`report\\.json cannot be drawn \\(it does not fit its shape: (findings|parts)\\[0\\]\\.${key}`)); // prettier-ignore
    expect(existsSync(join(cwd, 'never'))).toBe(false);
  });

  it('reads nothing outside: a link of a summary, of a part, of the folder’s own name', async () => {
    writeRun('outside', { 'scan.json': scanExample });
    mkdirSync(join(cwd, 'linked'));
    symlinkSync('../outside/scan.json', join(cwd, 'linked', 'scan.json'));
    const summary = await call(['plot', 'linked', '--out', 'never'], { cwd });
    expect(summary.stderr).toMatch(/scan\.json is a link that leads out of the folder; remove it/);
    const name = 'scan-corrector';
    const scanPart = { ...part, kind: 'scan', name };
    writeRun('parts', { 'report.json': { ...reportExample, parts: [scanPart] } });
    symlinkSync('../outside', join(cwd, 'parts', name));
    const linkedPart = await call(['plot', 'parts', '--out', 'never'], { cwd });
    expect(linkedPart.stderr).toMatch(/leads out of the folder/);
    expect(existsSync(join(cwd, 'never'))).toBe(false);
    symlinkSync('outside', join(cwd, 'latest'));
    expect((await call(['plot', 'latest', '--out', 'mine'], { cwd })).code).toBe(0);
  });

  it('writes nothing outside: a link with the name of a page', async () => {
    writeRun('trap', { 'scan.json': scanExample });
    writeFileSync(join(cwd, 'precious'), 'mine');
    symlinkSync('../precious', join(cwd, 'trap', 'scan.html'));
    const { code, stderr } = await call(['plot', 'trap'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/export: .*scan\.html is a link that leads out of the folder/);
    expect(readFileSync(join(cwd, 'precious'), 'utf8')).toBe('mine');
  });
});
