/**
 * Answers by number of correction rounds: the loop of Stream Aligner cut off after k rounds, for
 * every k, corrector and question, and written on from there by one model alone (Figures 3 to 5 of
 * the paper).
 *
 * The unit that is computed, and resumed, as a whole is a batch of questions with all correctors.
 * `atOnce` of them run side by side; within one, the models are asked one after the other, since
 * what one has asked for decides what the next still has to.
 */
import { checkLimits, type LoopEnds } from '../../align/loop.js';
import type { Upstream } from '../../align/upstream.js';
import { checkScorers } from '../../judge/scoreAnswers.js';
import { createRandom } from '../../math/random.js';
import type { Question } from '../../data/types.js';
import type { Store } from '../../record/store.js';
import { judgesAre, whoIs } from '../shared/identities.js';
import { batchesOf } from '../shared/batches.js';
import { resume, type Unit } from '../shared/resume.js';
import { endWarnings, withWarnings } from '../answers/refused.js';
import { checkQuestionIds } from '../shared/questionIds.js';
import { firstTwice } from '../../text/firstTwice.js';
import { roundsBatch, stepsOf, type NamedCorrector } from './batch.js';
import type { Judges } from '../../judge/judgesFor.js';
import { summariseRounds } from './summary.js';
import { roundsRecord, type RoundsRecord, type RoundsSummary } from './shape.js';

export interface RoundsOptions extends Judges {
  upstream: Upstream;
  /** Several sizes, several training seeds. */
  correctors: readonly NamedCorrector[];
  questions: readonly Question[];
  /** Of a loop, and of a corrector that writes on alone. */
  limits?: LoopEnds;
  /** K: answers after 0 … K correction rounds are made. Default 8. */
  rounds?: number;
  /** Questions computed together, with all correctors. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** Of the intervals. */
  seed: number;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: readonly RoundsRecord[];
  /** Where answers are kept for other runs. */
  store?: Store;
  /** Whether nothing is made of the answers but the summary, see {@link ResumeOptions.last}. */
  last?: boolean;
  /** In steps of equal kind: a model's pass over a batch of questions. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Yields the records that are missing, batch by batch, and returns the summary of all.
 * @throws the signal's reason; names or question ids that occur twice; K that is no whole number of at least 1; as
 *   the scorers do.
 */
export async function* runRounds(
  options: RoundsOptions,
): AsyncGenerator<RoundsRecord, RoundsSummary> {
  const { questions, limits = {}, rounds = 8, scorers, atOnce, store, signal } = options;
  check(options, rounds);
  checkScorers(scorers);
  const done = new Map((options.done ?? []).map((record) => [keyOf(record), record]));
  const units = unitsOf(options, done);
  const { last } = options;
  const kept = { store, shape: roundsRecord, identity: identityOf(options), last };
  for await (const record of resume({ units, keyOf, done, atOnce, ...kept, signal })) {
    signal?.throwIfAborted();
    yield record;
  }
  const warnings = endWarnings(
    Array.from(done.values(), ({ corrector, problem, classic: { text, stop, context } }) => ({
      ...{ system: corrector, problem, answer: text, stop, context },
    })),
  );
  const summary = summariseRounds({
    upstream: options.upstream.name,
    correctors: options.correctors.map(({ name }) => name),
    problems: questions.map(({ id }) => id),
    records: done.values(),
    scorers,
    rounds,
    maxRounds: checkLimits(limits).maxRounds,
    random: createRandom(options.seed).fork('rounds'),
  });
  return withWarnings(summary, warnings);
}

/** What goes into every unit beside its questions. */
function identityOf(options: RoundsOptions): unknown {
  const { upstream, correctors, limits = {}, rounds = 8 } = options;
  const each = correctors.map(({ name, corrector }) => ({ as: name, ...whoIs(corrector) }));
  const who = { upstream: whoIs(upstream), correctors: each, judges: judgesAre(options) };
  return { kind: 'rounds', version: 3, ...who, limits, rounds };
}

function unitsOf(
  options: RoundsOptions,
  done: ReadonlyMap<string, RoundsRecord>,
): Unit<RoundsRecord>[] {
  const { correctors, questions, batchSize = 32, limits = {}, rounds = 8, onProgress } = options;
  const batches = batchesOf(questions, batchSize).map((batch) => ({
    batch,
    records: correctors.flatMap(({ name }) =>
      batch.map(({ id }) => keyOf({ corrector: name, problem: id })),
    ),
  }));
  const steps = stepsOf(options);
  const total = batches.length * steps;
  let step = steps * batches.filter(({ records }) => records.every((key) => done.has(key))).length;
  const onStep = (): void => onProgress?.(++step, total);
  return batches.map(({ batch, records }) => ({
    records,
    inputs: batch,
    run: () => roundsBatch({ ...options, questions: batch, limits, rounds, onStep }),
  }));
}

function keyOf({ corrector, problem }: Pick<RoundsRecord, 'corrector' | 'problem'>): string {
  return JSON.stringify([corrector, problem]);
}

function check({ correctors, questions }: RoundsOptions, rounds: number): void {
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`rounds: K is not usable (expected a whole number from 1, got ${rounds})`);
  }
  checkQuestionIds(questions, 'rounds');
  const twice = firstTwice(correctors.map(({ name }) => name));
  if (twice !== undefined) {
    throw new Error(`rounds: two correctors are called ${twice}; give them other names`);
  }
}
