/** `aligner-lab plot`: the figures of a run folder once more, from its summaries alone. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Page } from '../../plot/page/page.js';
import type { SummaryKind } from '../../experiment/shared/experiment.js';
import type { NamedSweep } from '../../experiment/sweep/figures/steeringCurves.js';
import { sweepsPage } from '../../experiment/sweep/manyPage.js';
import { sweepSummary } from '../../experiment/sweep/shape.js';
import { summaryKinds } from '../../experiment/summaryKinds.js';
import { reportPage } from '../../reproduce/report/page.js';
import { foldersWith } from '../../record/runs.js';
import { reportSummary } from '../../reproduce/report/shape.js';
import { fileWithin } from '../../disk/names.js';
import { checked } from '../../shape/check.js';
import { fileError } from '../../disk/fileErrors.js';
import { defineCommand } from '../command.js';
import { common } from '../common.js';
import { figureOptions } from '../figureOptions.js';
import { prepareFigures } from '../figures.js';
import { text } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';
import { reasonOf } from '../../text/errorSentence.js';
import { decodeUtf8 } from '../../text/utf8.js';

export const plot = defineCommand({
  description: `Draws the figures of a run from the summaries in its folder (scan.json, sweep.json, causal.json,
lens.json, rounds.json, compare.json, evaluate.json, corrector.json, health.json; report.json with those
of its parts). No model runs, and the numbers stay as they are.

Of a folder that holds runs, the steering curves of all their sweeps are drawn in one figure (sweeps.html).

html is one page per summary. png, svg, pdf and json are one file per figure, e.g. scan-lat-scan.png;
json holds what plotly draws, with the caption. png, svg and pdf are drawn in an installed Chromium or Chrome:
CHROME_PATH names it, otherwise it is looked for in the usual places.`,
  argument: {
    name: 'folder',
    help: 'the run folder, or one with run folders in it',
    required: true,
  },
  options: {
    ...figureOptions,
    out: text({ value: 'folder', help: 'where the files go (default: the run folder)' }),
    ...common,
  },
  examples: [
    ['aligner-lab plot runs/lat-scan-1a2b3c4d --format png,pdf', 'every figure as a picture'],
    ['aligner-lab plot runs --out figures', 'the curves of all sweeps in one figure'],
    ['aligner-lab plot runs/sweep --format pdf --size single', 'for one column of a paper'],
  ],
  async run({ options, argument = '.', context }) {
    const write = prepareFigures(options, context);
    const folder = context.path(argument);
    await checkFolder(folder);
    const pages = await readPages(folder);
    const files = await write(options.out ? context.path(options.out) : folder, pages);
    for (const file of files) context.show(`figure  ${file}`);
    context.result({ files });
  },
});

/** @throws where it is no folder, e.g. a summary in one, or is not there. */
async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    throw fileError({ subject: 'plot', action: 'read', path: folder, error });
  });
  if (found.isDirectory()) return;
  throw new UsageError(
    `plot: ${folder} is a file (expected a run folder); give the folder that it is in, ${dirname(folder)}`,
  );
}

/** A page for every summary there. @throws where there is none, or one cannot be drawn. */
export async function readPages(folder: string): Promise<Record<string, Page>> {
  const kinds = await summaryKinds();
  const pages: Record<string, Page> = {};
  for (const kind of kinds) {
    const page = await readPage(kind, folder);
    if (page !== null) pages[kind.kind] = page;
  }
  const report = await readReport(kinds, folder);
  if (report !== null) pages.report = report;
  if (Object.keys(pages).length > 0) return pages;
  const sweeps = await readSweeps(folder);
  if (sweeps.length > 0) return { sweeps: sweepsPage(sweeps) };
  const expected = [...kinds.map(({ kind }) => kind), 'report'].map((kind) => `${kind}.json`);
  throw new Error(
    `plot: no summary in ${folder} (expected one of ${expected.join(', ')}); give the folder of a finished run`,
  );
}

/** Of all runs within the folder. */
async function readSweeps(folder: string): Promise<NamedSweep[]> {
  const found: NamedSweep[] = [];
  for (const run of await foldersWith('sweep.json', { folder, subject: 'plot' })) {
    const value = await readJson(run, ['sweep.json']);
    if (value === undefined) continue;
    const path = join(run, 'sweep.json');
    const summary = drawing(path, () => checked(sweepSummary, value, 'it'));
    found.push({ name: relative(folder, run), summary });
  }
  return found;
}

/** null where the folder has no such summary. */
async function readPage(
  { kind, draw }: SummaryKind,
  folder: string,
  part: readonly string[] = [],
): Promise<Page | null> {
  const names = [...part, `${kind}.json`];
  const value = await readJson(folder, names);
  return value === undefined ? null : drawing(join(folder, ...names), () => draw(value, 'it'));
}

/** A report with the figures of its parts, which lie in folders beside it. */
async function readReport(kinds: readonly SummaryKind[], folder: string): Promise<Page | null> {
  const path = join(folder, 'report.json');
  const value = await readJson(folder, ['report.json']);
  if (value === undefined) return null;
  const summary = drawing(path, () => checked(reportSummary, value, 'it'));
  const pages = new Map<string, Page>();
  for (const { name, kind } of summary.parts) {
    const found = kinds.find((known) => known.kind === kind);
    const page = found && (await readPage(found, folder, [name]));
    if (page) pages.set(name, page);
  }
  return drawing(path, () => reportPage(summary, pages));
}

/** More is no text that could be held in one piece. */
const mostBytes = 512 * 2 ** 20;

/** undefined where the file is not there. The folder may be somebody else's. */
async function readJson(folder: string, names: readonly string[]): Promise<unknown> {
  const path = await fileWithin(folder, names, 'plot');
  if (path === null) return undefined;
  let content: string;
  try {
    const { size } = await stat(path);
    if (size > mostBytes) throw new Error(`it has ${size} bytes (expected at most ${mostBytes})`);
    content = decodeUtf8(await readFile(path));
  } catch (error) {
    throw fileError({ subject: 'plot', action: 'read', path, error });
  }
  return drawing(path, () => JSON.parse(content) as unknown);
}

/** @throws naming the file, where a summary is none, or of another version. */
function drawing<T>(path: string, draw: () => T): T {
  try {
    return draw();
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(`plot: ${path} cannot be drawn (${reason}); run its command again`, { cause });
  }
}
