/**
 * The logit lens (nostalgebraist 2020): at which layer is the first output token settled? The hidden
 * state of a layer at the boundary token goes to the last norm and the head in place of the last
 * block's, so both are the model's own and no weights are needed.
 */
import type { z } from 'zod';
import type { Corrector } from '../../align/corrector.js';
import { requireReadable } from '../../align/readable.js';
import type { Store } from '../../record/store.js';
import type { Decoder } from '../../runtime/decoder.js';
import { lensLogits } from '../../read/model/lens.js';
import { batchesOf } from '../shared/batches.js';
import { whoIs } from '../shared/identities.js';
import { resume } from '../shared/resume.js';
import { firstTwice } from '../../text/firstTwice.js';
import { fittingProblems, labelCases, showsDecision, type Beginnings } from '../causal/cases.js';
import { greedy } from '../causal/patches.js';
import type { CausalProblem } from '../causal/problems.js';
import { summariseLens } from './summary.js';
import { lensCase, lensReading } from './shape.js';
import type { LensCase, LensLayer, LensReading, LensRecord, LensSummary } from './shape.js';
import { shownName } from '../../text/given.js';

export type LensPhase = 'cases' | 'lens';

export interface LensOptions extends Beginnings {
  /** The corrector's name in the summary. */
  model: string;
  /** Unsteered: its outputs label the cases. */
  corrector: Corrector;
  /** The same model's. */
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** The corrector's prompt, as tokens; the last is the boundary. */
  prompt: (problem: CausalProblem) => readonly number[];
  /** Of the test split; one sentence each. */
  problems: readonly CausalProblem[];
  seed: number;
  /** Records of an earlier run of the same command; cases may be those of a causal test. */
  done?: Iterable<LensRecord>;
  /** Where units of work are kept for other runs. */
  store?: Store;
  onProgress?: (phase: LensPhase, done: number, total: number) => void;
  signal?: AbortSignal;
}

const batchSize = 32;

/**
 * Runs the lens; returns the summary after the last record.
 * @throws where the corrector cannot be read, there is no problem, or one is given twice.
 */
export async function* runLens(
  options: LensOptions,
): AsyncGenerator<LensRecord, LensSummary, void> {
  const { model, seed, decoder } = options;
  requireReadable(options.corrector, 'lens');
  checkProblems(options.problems);
  const { kept: problems, warnings } = fittingProblems(options.problems, options);
  const cases = new Map<string, LensCase>();
  const readings = new Map<string, LensReading>();
  for (const record of options.done ?? []) {
    if (record.kind === 'case') cases.set(record.problem, record);
    else readings.set(record.problem, record);
  }
  yield* inBatches('cases', problems, cases, {
    options,
    shape: lensCase,
    run: async (batch) =>
      (await labelCases(batch, options)).map((made) => ({ kind: 'case', split: 'test', ...made })),
  });
  const all = problems.flatMap(({ id }) => cases.get(id) ?? []);
  const decided = new Set(all.filter(showsDecision).map(({ problem }) => problem));
  const shown = problems.filter(({ id }) => decided.has(id));
  const rivals = firstTokens(all.filter(showsDecision));
  yield* inBatches('lens', shown, readings, {
    options,
    shape: lensReading,
    inputs: { rivals, cases: all },
    run: (batch) => readBatch(batch, { options, cases, rivals }),
  });
  const kept = shown.flatMap(({ id }) => readings.get(id) ?? []);
  const { layers } = decoder.info;
  return summariseLens({ model, seed, layers, cases: all, readings: kept, warnings });
}

function checkProblems(problems: readonly CausalProblem[]): void {
  if (problems.length === 0) throw new Error('lens: no problems (expected at least 1)');
  const twice = firstTwice(problems.map(({ id }) => id));
  if (twice !== undefined) {
    throw new Error(
      `lens: problem ${shownName(twice)} is given twice (expected one sentence each)`,
    );
  }
}

/** Yields what is missing of a phase; its units are batches of problems. */
async function* inBatches<R extends LensRecord>(
  phase: LensPhase,
  problems: readonly CausalProblem[],
  done: Map<string, R>,
  {
    options,
    shape,
    inputs,
    run,
  }: {
    options: LensOptions;
    /** Of its records. */
    shape: z.ZodType<R>;
    /** What goes into a batch beside its problems. */
    inputs?: unknown;
    run: (batch: readonly CausalProblem[]) => Promise<R[]>;
  },
): AsyncGenerator<R, void> {
  const { onProgress, signal, store, corrector } = options;
  const units = batchesOf(problems, batchSize).map((batch) => ({
    records: batch.map(({ id }) => id),
    inputs: { phase, batch, inputs },
    run: () => run(batch),
  }));
  let ended = 0;
  yield* resume({
    ...{ units, done, store, shape, signal, last: phase === 'lens' },
    keyOf: ({ problem }) => problem,
    identity: { kind: 'lens', version: 3, corrector: whoIs(corrector) },
    onUnit: ({ records }) => onProgress?.(phase, (ended += records.length), problems.length),
  });
}

/** First tokens of either class's outputs. */
type FirstTokens = Readonly<Record<LensCase['label'], readonly number[]>>;

function firstTokens(cases: readonly LensCase[]): FirstTokens {
  const firstOf = (label: LensCase['label']): number[] => [
    ...new Set(cases.filter((c) => c.label === label).map(({ first }) => first)),
  ];
  return { correct: firstOf('correct'), copy: firstOf('copy') };
}

async function readBatch(
  batch: readonly CausalProblem[],
  given: { options: LensOptions; cases: ReadonlyMap<string, LensCase>; rivals: FirstTokens },
): Promise<LensReading[]> {
  const { options, cases, rivals } = given;
  const logits = await lensLogits(options.decoder, batch.map(options.prompt));
  return batch.map(({ id }, i): LensReading => {
    const own = cases.get(id);
    const layers = logits[i];
    if (!own || !layers) throw new Error(`lens: nothing came back for problem ${id}`);
    const others = rivals[own.label === 'copy' ? 'correct' : 'copy'];
    return {
      ...{ kind: 'lens', problem: id, label: own.label },
      layers: layers.map((row) => readLayer(row, own.first, others)),
    };
  });
}

/** @param others first tokens of the other class */
function readLayer(logits: Float32Array, first: number, others: readonly number[]): LensLayer {
  const own = logits[first] ?? NaN;
  const top = greedy(logits);
  const most = logits[top] ?? NaN;
  const total = logits.reduce((sum, value) => sum + Math.exp(value - most), 0);
  const against = others.filter((token) => token !== first).map((token) => logits[token] ?? NaN);
  return {
    settled: top === first,
    probability: Math.exp(own - most) / total,
    rank: logits.reduce((above, value) => above + Number(value > own), 0),
    logOdds: against.length > 0 ? own - Math.max(...against) : null,
  };
}
