/**
 * Answers by number of correction rounds: the loop of Stream Aligner cut off after k rounds, for
 * every k, corrector and problem, and written on from there by one model alone (Figures 3 to 5 of
 * the paper).
 *
 * The unit that is computed, and resumed, as a whole is a batch of problems with all correctors.
 * `atOnce` of them run side by side; within one, the models are asked one after the other, since
 * what one has asked for decides what the next still has to.
 */
import { checkLimits } from '../../align/loop.js';
import { createRandom } from '../../math/random.js';
import type { Problem } from '../../data/types.js';
import { batchesOf, sideBySide } from '../shared/batches.js';
import { roundsBatch, stepsOf } from './batch.js';
import { summariseRounds } from './summary.js';
import type { RoundsOptions, RoundsRecord, RoundsSummary } from './types.js';

/**
 * Yields the records that are missing, batch by batch, and returns the summary of all.
 * @throws the signal's reason; names that occur twice; K that is no whole number of at least 1.
 */
export async function* runRounds(
  options: RoundsOptions,
): AsyncGenerator<RoundsRecord, RoundsSummary> {
  const { problems, done = [], limits = {}, rounds = 8, atOnce = 1 } = options;
  check(options, rounds);
  const all = new Map(done.map((record) => [keyOf(record), record]));
  const isDone = (batch: readonly Problem[]): boolean =>
    options.correctors.every(({ name }) =>
      batch.every(({ id }) => all.has(keyOf({ corrector: name, problem: id }))),
    );
  const batches = batchesOf(problems, options.batchSize ?? 32);
  const open = batches.filter((batch) => !isDone(batch));
  const steps = stepsOf(options);
  let step = (batches.length - open.length) * steps;
  const onStep = (): void => options.onProgress?.(++step, batches.length * steps);
  const work = (batch: readonly Problem[]): Promise<RoundsRecord[]> =>
    roundsBatch({ ...options, problems: batch, limits, rounds, onStep });
  for await (const records of sideBySide({ items: open, atOnce, work })) {
    for (const record of records) {
      if (all.has(keyOf(record))) continue;
      options.signal?.throwIfAborted();
      all.set(keyOf(record), record);
      yield record;
    }
  }
  return summariseRounds({
    upstream: options.upstream.name,
    correctors: options.correctors.map(({ name }) => name),
    problems: problems.map(({ id }) => id),
    records: all.values(),
    rounds,
    maxRounds: checkLimits(limits).maxRounds,
    random: createRandom(options.seed).fork('rounds'),
  });
}

function keyOf({ corrector, problem }: Pick<RoundsRecord, 'corrector' | 'problem'>): string {
  return `${corrector}/${problem}`;
}

function check({ correctors }: RoundsOptions, rounds: number): void {
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Error(`rounds: K is not usable (expected a whole number from 1, got ${rounds})`);
  }
  const names = correctors.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new Error(`rounds: two correctors are called ${twice}; give them other names`);
  }
}
