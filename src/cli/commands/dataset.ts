/** `aligner-lab dataset`: preference data as JSON Lines. */
import { z } from 'zod';
import { createLocalUpstream } from '../../align/upstream.js';
import {
  annotateSamples,
  correctAnswers,
  directAnswers,
  generatedKinds,
  generateRows,
} from '../../data/dataset.js';
import type { DatasetOptions, GeneratedKind } from '../../data/dataset.js';
import { readJsonl } from '../../data/jsonl.js';
import { generatedId } from '../../data/problems.js';
import type { Context } from '../../data/quadruples.js';
import { recordQuadruples } from '../../experiment/shared/recordedQuadruples.js';
import { samplingOf, samplingOptions } from '../../experiment/shared/sampling.js';
import { defineCommand, type Context as CallContext } from '../command.js';
import { common, dry, engine, seed } from '../common.js';
import { writeLines } from '../lines.js';
import { formatBytes } from '../progress.js';
import { openUnitsBeside, type UnitsBeside } from '../unitsBeside.js';
import type { Store } from '../../record/store.js';
import { servers } from '../servers.js';
import { buildDataset, buildOptions } from './datasetBuild.js';
import { fromKinds, fromOptions, isFromKind, makeFrom, type FromKind } from './datasetFrom.js';
import { loadModel } from '../models.js';
import { choice, integer, number, text, type OptionValues } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';

/** Kinds that are made from what a model wrote. */
const recordedKinds = {
  quadruples: 'annotated quadruples with the sentences that --upstream writes',
  annotate: 'annotated quadruples from the sentences of --sentences',
  triples: 'whole answers of --answers with their corrections',
  direct: 'the corrections of --answers as solutions, to learn answering from',
  build: 'quadruples from the questions of --data: --upstream writes, --annotator corrects',
} as const;

type Kind = GeneratedKind | keyof typeof recordedKinds | FromKind;
const kinds = { ...generatedKinds, ...recordedKinds, ...fromKinds };

const options = {
  split: choice(['train', 'validation', 'test'], {
    help: 'of the problems; the splits share no wording, name or number pair',
    default: 'train',
  }),
  count: integer({ value: 'n', help: 'problems', default: 1000 }),
  from: integer({ value: 'n', help: 'index of the first problem', default: 0, least: 0 }),
  places: integer({
    value: 'n',
    help: 'places in the solution of each problem, for contexts and quadruples',
    default: 1,
  }),
  ...seed,
  out: text({ value: 'file', help: 'where to write (default: stdout)' }),
  upstream: text({
    value: 'model',
    help: 'who writes the sentences of quadruples',
    default: 'upstream-arithmetic',
  }),
  temperature: number({ value: 't', help: 'of the upstream; 0 is greedy', default: 0.7 }),
  topP: samplingOptions.topP,
  samples: text({
    flag: 'sentences',
    aliases: ['samples'],
    value: 'file',
    help: 'JSONL of {problem, question, prefix, last}, for annotate',
  }),
  answers: text({
    value: 'file',
    help: 'JSONL of {problem, question, prefix?, answer}, for triples and direct',
  }),
  ...fromOptions,
  ...buildOptions,
  ...servers,
  ...engine,
  ...dry,
  ...common,
} as const;

type Options = OptionValues<typeof options>;

export const dataset = defineCommand({
  description: `Writes data sets as JSON Lines: seeded arithmetic word problems, or rows made from other data
(--data; docs/data.md says in which formats they may be). Quadruples have the keys of the
official Stream Aligner data, {question, prefix, last, correction}: the upstream's next sentence
after the corrected prefix, and what an exact solver makes of it: good sentences are copied,
neutral ones improved, bad ones rewritten; an empty correction says that the answer is complete.

Kinds:
${Object.entries(kinds)
  .map(([kind, what]) => `  ${kind.padEnd(11)} ${what}`)
  .join('\n')}`,
  argument: {
    name: 'kind',
    help: 'what to write',
    required: true,
    choices: Object.keys(kinds),
  },
  options,
  examples: [
    ['aligner-lab dataset problems --split test --count 3', 'three test problems on stdout'],
    [
      'aligner-lab dataset written --count 50000 --out quadruples.jsonl',
      'fifty thousand annotated quadruples, even in the kinds of faults',
    ],
    ['aligner-lab dataset describe --data hh-rlhf.jsonl.gz', 'what a file holds'],
    [
      'aligner-lab dataset from-preferences --data hh-rlhf:harmless-base/train --out quadruples.jsonl',
      'quadruples from pairs of answers',
    ],
    [
      'aligner-lab dataset build --data gsm8k:main/train --upstream http://127.0.0.1:8080/v1#big --annotator http://127.0.0.1:8081/v1#judge --out quadruples.jsonl',
      'quadruples of your own, from any upstream and annotator',
    ],
    [
      'aligner-lab dataset quadruples --split validation --count 500 --out recorded.jsonl',
      'what the embedded upstream writes in 500 places, annotated',
    ],
  ],
  async run({ options: given, argument, context }) {
    if (given.json && given.out === undefined) {
      throw new UsageError(
        'dataset: --json prints the summary where the rows would go; give --out',
      );
    }
    const out = given.out === undefined ? context.io.stdout : context.path(given.out);
    const kind = argument as Kind;
    if (given.dryRun) return showPlan(kind, given, context);
    if (kind === 'build') return await buildDataset(given, context);
    if (isFromKind(kind)) return await writeFrom(kind, given, { context, out });
    await using units = await unitsOf(kind, given, context);
    const rows = await writeLines(
      counted(rowsOf(kind, given, { ...context, store: units?.store }), { kind, given, context }),
      out,
    );
    await units?.done();
    const summary = { kind: argument, split: given.split, seed: given.seed, rows, file: given.out };
    context.result(summary);
    if (given.out !== undefined) context.show(`${rows} rows in ${given.out}`);
  },
});

/** Rows made from other data, and what was found there. */
async function writeFrom(
  kind: FromKind,
  given: Options,
  { context, out }: { context: CallContext; out: Parameters<typeof writeLines>[1] },
): Promise<void> {
  const made = await makeFrom(kind, given, context);
  const some = counted(made.rows, { kind, given, context });
  // What has no rows writes no file.
  const rows = kind === 'describe' ? await length(some) : await writeLines(some, out);
  context.result({ kind, rows, file: given.out, ...made.summary() });
  const toStdout = given.out === undefined && kind !== 'describe';
  for (const line of made.lines()) {
    if (toStdout) context.warn(line);
    else context.show(line);
  }
  if (given.out !== undefined && kind !== 'describe') context.show(`${rows} rows in ${given.out}`);
}

async function length(rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const row of rows) if (row !== undefined) count++;
  return count;
}

/** `--dry-run`: how many rows, who writes them, and how large a file they make. */
function showPlan(kind: Kind, given: Options, context: CallContext): void {
  const places = kind === 'contexts' || kind === 'quadruples' ? given.places : 1;
  const file = kind === 'annotate' ? given.samples : given.answers;
  const rows = kind in recordedKinds && kind !== 'quadruples' ? null : given.count * places;
  const bytes = rows === null ? null : rows * bytesOf(kind, given);
  const from = rows === null ? `what ${file ?? 'its file'} gives` : `${rows} rows at most`;
  context.show(`dataset ${kind} would write ${from} to ${given.out ?? 'stdout'}, and writes nothing of this yet`); // prettier-ignore
  if (bytes !== null) context.show(`disk     about ${formatBytes(bytes)}`);
  const writes = kind === 'quadruples' ? `${rows} sentences of ${given.upstream}` : 'no model runs'; // prettier-ignore
  context.show(`time     ${writes}`);
  context.result({ command: 'dataset', dryRun: true, kind, rows, bytes });
}

/** Of a row, measured on the first fifty; a model's are as long as the generator's own. */
function bytesOf(kind: Kind, given: Options): number {
  const like = kind === 'quadruples' ? 'written' : kind;
  const few = { ...rangeOf(given), count: Math.min(50, given.count) };
  const lines = [...generateRows(like as GeneratedKind, few)].map((row) => JSON.stringify(row));
  return 1 + Buffer.byteLength(lines.join('')) / Math.max(1, lines.length);
}

/** A call, and where batches of a model's are kept. */
type Kept = CallContext & { store: Store | undefined };

/** Where what a model writes is kept until the file is there; the rest is made in seconds. */
async function unitsOf(
  kind: Kind,
  given: Options,
  context: CallContext,
): Promise<UnitsBeside | null> {
  if (kind !== 'quadruples' || given.out === undefined) return null;
  const how = { engine: given, purpose: 'aligner-lab dataset quadruples' };
  return await openUnitsBeside(context.path(given.out), how, context);
}

/** The rows, with progress on the way and an ear for Ctrl-C. */
async function* counted(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  { kind, given, context }: { kind: Kind; given: Options; context: CallContext },
): AsyncGenerator<unknown> {
  const onProgress = context.progress.stage(`dataset ${kind}`);
  const least = isFromKind(kind) ? 0 : given.count;
  let done = 0;
  for await (const row of rows) {
    if (context.signal.aborted) break;
    yield row;
    onProgress(++done, Math.max(done, least));
  }
  context.signal.throwIfAborted();
}

function rowsOf(
  kind: Exclude<Kind, FromKind | 'build'>,
  given: Options,
  context: Kept,
): AsyncIterable<unknown> | Iterable<unknown> {
  if (kind === 'quadruples') return recorded(given, context);
  if (kind === 'annotate') {
    const file = needed(given.samples, { kind, option: '--sentences' });
    const samples = readJsonl(context.path(file), sample);
    return annotateSamples(samples);
  }
  if (kind === 'triples' || kind === 'direct') {
    const file = needed(given.answers, { kind, option: '--answers' });
    const answers = readJsonl(context.path(file), writtenAnswer);
    return kind === 'triples' ? correctAnswers(answers) : directAnswers(answers);
  }
  return generateRows(kind, rangeOf(given));
}

/** The solver annotates its own problems alone. */
const problem = z.string().regex(generatedId, {
  error: 'must be the id of a generated problem, e.g. "test-0-17"',
});
const sample = z.object({ problem, question: z.string(), prefix: z.string(), last: z.string() });
const writtenAnswer = z.object({
  ...{ problem, question: z.string(), prefix: z.string().nullish() },
  answer: z.string(),
});

function rangeOf({ split, count, seed: drawn, from, places }: Options): DatasetOptions {
  return { split, count, seed: drawn, from, places };
}

function needed(file: string | undefined, wanted: { kind: Kind; option: string }): string {
  if (file !== undefined) return file;
  throw new UsageError(`dataset: ${wanted.kind} needs ${wanted.option} <file>`);
}

async function* recorded(given: Options, call: Kept): AsyncGenerator<unknown> {
  const { upstream: name } = given;
  await using model = await loadModel(name, given, call);
  const sampling = samplingOf(given);
  const upstream = createLocalUpstream({ model, sampling });
  const contexts = [...generateRows('contexts', rangeOf(given))] as Context[];
  yield* recordQuadruples({ upstream, contexts, store: call.store, signal: call.signal });
}
