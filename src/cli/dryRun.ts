/** `--dry-run`: what would run, how long it may take and how much it writes; nothing is written. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alignAnswers } from '../align/stream.js';
import type { Corrector } from '../align/corrector.js';
import { workOf, type Given, type Sample, type Step, type Work } from '../experiment/work.js';
import { hasSentence } from '../text/copied.js';
import { errorSentence } from '../text/errorSentence.js';
import { Table } from '../text/table.js';
import type { Context } from './command.js';
import type { OfEvery } from './experimentOptions.js';
import { labOf } from './lab.js';
import { formatBytes, formatDuration } from './progress.js';

/** Inputs that a unit is timed on: a few, which warm up, and where these are quick, a batch as runs have them. */
const [few, many] = [4, 32];
const quick = 4000;
/** A page holds the library that draws it. */
const pageBytes = 5e6;
/** Of a record beside its texts. */
const recordBytes = 300;

interface Rates {
  /** Milliseconds each; null where it was not measured. */
  outputs: number | null;
  answers: number | null;
  /** Why something was not. */
  note: string | null;
  layers: number | null;
  /** Of the texts of an output. */
  bytes: number;
}

/** @throws as the command itself, on what its files hold. */
export async function dryRun(command: string, options: OfEvery, context: Context): Promise<void> {
  const given = options as Given;
  const count = workOf[command];
  if (!count) throw new Error(`${command}: has no dry run`);
  // What is not here would be downloaded, and that writes.
  const offline = { ...context, io: { ...context.io, env: { ...context.io.env, HF_HUB_OFFLINE: '1' } } }; // prettier-ignore
  const lab = labOf({ ...options, store: undefined }, offline);
  const first = await count(given, lab, null);
  const rates = await measure(given, first, { ...offline, lab });
  const { steps } = rates.layers === null ? first : await count(given, lab, rates.layers);
  show({ command, given, steps: steps.filter((step) => step.count > 0), rates }, context);
}

type Measuring = Context & { lab: ReturnType<typeof labOf> };

/** A batch of corrections, and of whole answers where there are any. */
async function measure(given: Given, { steps, samples }: Work, at: Measuring): Promise<Rates> {
  const none: Rates = { outputs: null, answers: null, note: null, layers: null, bytes: 200 };
  const { correctors, corrector, model, upstream } = given;
  const name = [correctors ?? corrector ?? model].flat()[0];
  if (typeof name !== 'string') return none;
  const served = [name, upstream].some((one) => typeof one === 'string' && /^https?:/.test(one));
  if (served) return { ...none, note: 'a dry run asks no server' };
  try {
    await using opened = await at.lab.corrector(name, { copies: true });
    const layers = 'model' in opened ? (opened as { model: { decoder: { info: { layers: number } } } }).model.decoder.info.layers : null; // prettier-ignore
    const { each, bytes } = await timeOutputs(opened, samples);
    const measured = { ...none, layers, outputs: each, bytes };
    if (!steps.some(({ unit }) => unit === 'answers') || typeof upstream !== 'string') {
      return measured;
    }
    await using writes = await at.lab.upstream(upstream, { copies: true });
    const answers = await timed(samples, async (chosen) => {
      const rows = chosen.map(({ question }) => ({ question }));
      await alignAnswers({ upstream: writes, corrector: opened, rows, signal: at.signal });
    });
    return { ...measured, answers };
  } catch (error) {
    at.signal.throwIfAborted();
    return { ...none, note: errorSentence(error).split('\n')[0] ?? '' };
  }
}

async function timeOutputs(
  corrector: Corrector,
  samples: readonly Sample[],
): Promise<{ each: number | null; bytes: number }> {
  const inputs = samples.filter(({ last }) => hasSentence(last));
  let bytes = 200;
  const each = await timed(inputs, async (chosen) => {
    const corrections = await corrector.correct(chosen);
    const texts = [...corrections.map(({ text }) => text), ...chosen.map(({ last }) => last)];
    bytes = Buffer.byteLength(texts.join('')) / chosen.length;
  });
  return { each, bytes };
}

/** Milliseconds of one; null where there is none. */
async function timed(
  samples: readonly Sample[],
  work: (chosen: readonly Sample[]) => Promise<void>,
): Promise<number | null> {
  let each: number | null = null;
  for (const count of [few, many]) {
    const chosen = samples.slice(0, count);
    if (chosen.length === 0) return null;
    const began = performance.now();
    await work(chosen);
    const took = performance.now() - began;
    each = took / chosen.length;
    if (took > quick) break;
  }
  return each;
}

interface Shown {
  command: string;
  given: Given;
  steps: readonly Step[];
  rates: Rates;
}

function show({ command, given, steps, rates }: Shown, context: Context): void {
  const rows = steps.map(({ what, count, unit, atMost }) => {
    const each = unit === 'passes' ? null : rates[unit];
    const milliseconds = each === null ? null : each * count;
    return { what, count, unit, atMost: atMost === true, milliseconds };
  });
  const known = rows.flatMap(({ milliseconds }) => milliseconds ?? []);
  const total = known.length > 0 ? known.reduce((sum, one) => sum + one, 0) : null;
  const records = rows.reduce((sum, { count, unit }) => sum + (unit === 'passes' ? 0 : count), 0);
  const bytes = pageBytes + records * (recordBytes + rates.bytes);
  const there = recordsIn(given, context);
  context.show(`${command} would run, and write nothing of this yet:\n`);
  context.show(
    new Table(
      ['step', 'at most', 'of', 'about'],
      rows.map(({ what, count, unit, milliseconds }) => [what, String(count), unit, milliseconds === null ? '–' : formatDuration(milliseconds)]), // prettier-ignore
    ),
  );
  context.show();
  if (rates.note !== null) context.show(`time     not known: ${rates.note}`);
  else if (total !== null) {
    context.show(
      `time     about ${formatDuration(total)} at most, by what some took just now on this machine; passes are shorter than outputs and not counted`,
    );
  }
  context.show(`disk     about ${formatBytes(bytes)}: records, and a page for each summary`);
  context.show(`folder   ${typeof given.out === 'string' ? given.out : `runs/${command}-…, named after what is run`}${there > 0 ? `; ${there} records are there already and are not computed again` : ''}`); // prettier-ignore
  context.result({ command, dryRun: true, steps: rows, milliseconds: total, bytes, records: there, note: rates.note }); // prettier-ignore
}

/** Records of an earlier run in the folder that is named. */
function recordsIn({ out }: Given, { path }: Context): number {
  if (typeof out !== 'string') return 0;
  const file = join(path(out), 'records.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
}
