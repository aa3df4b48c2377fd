/** The trials of one command: killed, two at once, a full disk. Each ends as if nothing had been. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/math/random.js';
import { renderPage } from '../../src/plot/page/html.js';
import type { Page } from '../../src/plot/page/page.js';
import { reportMarkdown } from '../../src/reproduce/report/markdown.js';
import { reportPage } from '../../src/reproduce/report/page.js';
import { reportSummary } from '../../src/reproduce/report/shape.js';
import { summaryKinds } from '../../src/experiment/summaryKinds.js';
import { call, type Ended } from './calls.js';
import type { KillCase } from './cases.js';
import { differences, leftOver, readResults, type Results } from './results.js';

export interface Reference {
  results: Results;
  stdout: string;
  milliseconds: number;
}

export interface Trial {
  faults: string[];
  /** Of processes that were killed while they ran. */
  kills: number;
}

/** A place for trials: its inputs, and a folder that each makes anew. */
export interface Bench {
  inputs: string;
  work: string;
}

export const fresh = (bench: Bench, name: string): string => {
  const folder = join(bench.work, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** What the command leaves when nothing comes between. @throws where it fails. */
export async function reference(given: KillCase, bench: Bench): Promise<Reference> {
  const out = fresh(bench, 'reference');
  const { milliseconds, stdout } = succeeded(await call(given.argv(out, bench.inputs)), given.name);
  return { results: readResults(out), stdout, milliseconds };
}

function succeeded(ended: Ended, name: string): Ended {
  if (ended.code === 0) return ended;
  throw new Error(`kills: ${name} ended with ${ended.code}: ${ended.stderr}`);
}

/** Killed so many times, each time at a random moment of what it still has to do; then run to its end. */
export async function killed(
  given: KillCase,
  expected: Reference,
  { bench, kills, random }: { bench: Bench; kills: number; random: Random },
): Promise<Trial> {
  const out = fresh(bench, 'killed');
  const argv = given.argv(out, bench.inputs);
  let done = 0;
  for (let tries = 0; done < kills && tries < 4 * kills; tries++) {
    // A little beyond its end, so that the last moments are hit too.
    const after = 1.1 * expected.milliseconds * random.next();
    const ended = await call(argv, { send: [{ signal: 'SIGKILL', after }] });
    if (ended.signal !== null) done++;
    else if (ended.code !== 0) return { faults: [failure(ended)], kills: done };
    else {
      // It came to its end: the next kill meets a new one.
      const faults = await judged(out, expected);
      if (faults.length > 0) return { faults, kills: done };
      fresh(bench, 'killed');
    }
  }
  const last = await call(argv);
  if (last.code !== 0) return { faults: [failure(last)], kills: done };
  return { faults: await judged(out, expected), kills: done };
}

/** Started twice in one place: one does the work, the other does too or says who is at it. */
export async function twoAtOnce(
  given: KillCase,
  expected: Reference,
  bench: Bench,
): Promise<Trial> {
  const out = fresh(bench, 'twice');
  const argv = given.argv(out, bench.inputs);
  const both = await Promise.all([call(argv), call(argv)]);
  const refused = both.filter(({ code }) => code !== 0);
  const faults = refused
    .filter(({ code, stderr }) => code !== 1 || !/is in use by process \d+ \(/.test(stderr))
    .map(failure);
  if (refused.length === 2) faults.push('both were refused');
  return { faults: [...faults, ...(await judged(out, expected))], kills: 0 };
}

/**
 * On a file system of so many bytes, where what it wrote before leaves no place: the command fails
 * with a sentence, and once there is place it goes on. Where none can be mounted, files are limited.
 */
export async function diskFull(given: KillCase, expected: Reference, bench: Bench): Promise<Trial> {
  const out = fresh(bench, 'full');
  const argv = given.argv(out, bench.inputs);
  const faults: string[] = [];
  const sizes = [...expected.results.values()].map((text) => text.length);
  for (const share of [0.1, 0.5, 0.9]) {
    const kilobytes = Math.ceil((share * sizes.reduce((sum, size) => sum + size, 0)) / 1024);
    faults.push(...(await onFullDisk(argv, out, kilobytes)));
  }
  const last = await call(argv);
  if (last.code !== 0) return { faults: [...faults, failure(last)], kills: 0 };
  return { faults: [...faults, ...(await judged(out, expected))], kills: 0 };
}

/** A small file system holds whole pages of memory. */
const pageKilobytes = 4;

async function onFullDisk(argv: string[], out: string, kilobytes: number): Promise<string[]> {
  const pages = Math.floor(kilobytes / pageKilobytes);
  const mounted = pages > 1 && mount(out, pages * pageKilobytes);
  try {
    const largest = Math.max(1, Math.floor(kilobytes / 4));
    const ended = await call(argv, mounted ? {} : { fileBlocks: largest });
    const faults: string[] = [];
    if (ended.code !== 1) faults.push(`on a disk of ${kilobytes} kB it ended with ${ended.code}`);
    if (!/disk is full|would be larger than is allowed/.test(ended.stderr)) {
      faults.push(`on a disk of ${kilobytes} kB it said: ${ended.stderr.slice(-300)}`);
    }
    const left = leftOver(readResults(out));
    if (left.length > 0) faults.push(`on a disk of ${kilobytes} kB it left ${left.join(', ')}`);
    return faults;
  } finally {
    if (mounted) execFileSync('umount', ['-l', out]);
  }
}

/** Whether a small file system lies there now; not everybody may mount one. */
function mount(folder: string, kilobytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

export function failure({ code, stderr }: Ended): string {
  return `it ended with ${code}: ${stderr.slice(-500)}`;
}

/** What differs from the reference, what is left over, and pages that are not their summaries'. */
export async function judged(out: string, expected: Reference): Promise<string[]> {
  const got = readResults(out);
  const pages = await ownPages(out);
  const report = await ownReport(out);
  const left = leftOver(got).map((name) => `${name} is left over`);
  const timed = new Set([...pages.timed, ...report.timed]);
  return [...pages.faults, ...report.faults, ...left, ...differences(expected.results, got, timed)];
}

/** Pages that show measured times cannot be another run's; they must be what their summaries give. */
async function ownPages(out: string): Promise<{ timed: Set<string>; faults: string[] }> {
  const timed = new Set<string>();
  const faults: string[] = [];
  for (const { kind, draw } of await summaryKinds()) {
    if (!['scan', 'evaluate', 'compare'].includes(kind)) continue;
    const [summary, page] = [`${kind}.json`, `${kind}.html`].map((name) => join(out, name));
    if (!summary || !page || !existsSync(summary) || !existsSync(page)) continue;
    const drawn = renderPage(draw(JSON.parse(readFileSync(summary, 'utf8')), kind));
    timed.add(`${kind}.html`);
    if (drawn !== readFileSync(page, 'utf8')) faults.push(`${kind}.html is not its summary’s`);
  }
  return { timed, faults };
}

/** As {@link ownPages}, of a report, which says how long its parts took. */
async function ownReport(out: string): Promise<{ timed: string[]; faults: string[] }> {
  const path = join(out, 'report.json');
  if (!existsSync(path)) return { timed: [], faults: [] };
  const summary = reportSummary.parse(JSON.parse(readFileSync(path, 'utf8')));
  const draws = new Map((await summaryKinds()).map((known) => [known.kind, known.draw]));
  const pages = new Map<string, Page>();
  for (const { name, kind } of summary.parts) {
    const part = join(out, name, `${kind}.json`);
    const page =
      existsSync(part) && draws.get(kind)?.(JSON.parse(readFileSync(part, 'utf8')), kind);
    if (page) pages.set(name, page);
  }
  const own = {
    'report.html': renderPage(reportPage(summary, pages)),
    'report.md': reportMarkdown(summary),
  };
  const unlike = Object.entries(own).filter(
    ([name, text]) => readFileSync(join(out, name), 'utf8') !== text,
  );
  return {
    timed: Object.keys(own),
    faults: unlike.map(([name]) => `${name} is not its summary’s`),
  };
}
