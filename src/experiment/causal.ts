/**
 * The finding behind the figures, tested causally: one layer at a time is steered, the direction is
 * removed at one layer, and hidden states of a correcting run are put into a copying one. Yields
 * records as they come and ends in the summary; an interrupted run goes on from its records.
 */
import type { Corrector } from '../align/corrector.js';
import { createRandom } from '../math/random.js';
import { absentLayers, type Directions } from '../read/directions.js';
import type { Decoder } from '../runtime/decoder.js';
import type { PositionRule } from '../runtime/steering.js';
import { batchesOf } from './batches.js';
import { begins, labelCases } from './causalCases.js';
import { measureEdits } from './causalEdits.js';
import { pairCases, type CausalPair } from './causalPairs.js';
import { measurePatches, type PatchColumn } from './causalPatches.js';
import { summariseCausal } from './causalSummary.js';
import type {
  CaseRecord,
  CausalProblem,
  CausalRecord,
  CausalSummary,
  PatchSetting,
  CausalSplit,
} from './causalTypes.js';
import { defaultPositions } from './steeringUnit.js';

export type CausalPhase = 'cases' | 'edits' | 'patches';

export interface CausalOptions {
  /** The corrector's name in the summary. */
  model: string;
  corrector: Corrector;
  /** The same model's, for hidden states and patches. */
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** The corrector's prompt, as tokens; the last is the boundary. */
  prompt: (problem: CausalProblem) => readonly number[];
  /** A token as text. */
  decode: (token: number) => string;
  directions: Directions;
  /** `[L]`, mean norm of the hidden states at the boundary token. */
  meanNorms: readonly number[];
  /** `[L]`, of the scan, on held-out stimuli. */
  accuracy: readonly number[];
  /** In order; those for steering are the first, pairs come from all. No problem is in both. */
  problems: Readonly<Record<CausalSplit, readonly CausalProblem[]>>;
  /** Tested one at a time. Default: those that have a direction. */
  layers?: readonly number[];
  /** In mean residual norms of the layer. Default {@link defaultCoefficients}. */
  coefficients?: readonly number[];
  /** Steered and ablated. Default {@link defaultPositions}. */
  positions?: PositionRule;
  /** Test problems that are steered and ablated, and half as many of validation. Default 64. */
  limit?: number;
  /** Pairs per setting of patches, at most. Default 32. */
  pairs?: number;
  /** Positions before the last that are patched one at a time. Default 8. */
  window?: number;
  seed: number;
  /** Records of an earlier run of the same command. */
  done?: Iterable<CausalRecord>;
  onProgress?: (phase: CausalPhase, done: number, total: number) => void;
  signal?: AbortSignal;
}

/** In mean residual norms; beyond a half, outputs garble at some layers (see sweepPlan.ts). */
export const defaultCoefficients: readonly number[] = [-0.5, -0.25, 0, 0.25, 0.5];

/** What is computed together; its composition never depends on what was done before. */
interface Unit {
  keys: readonly string[];
  run: () => Promise<CausalRecord[]>;
}

/** Units asked for at once: they run side by side where a model has several copies. */
const together = 4;
const caseBatch = 32;
const splits = ['validation', 'test'] as const;

type Settled = Required<
  Pick<CausalOptions, 'layers' | 'coefficients' | 'positions' | 'limit' | 'pairs' | 'window'>
>;

/**
 * Runs a causal test; returns the summary after the last record.
 * @throws on no problems, a problem in both splits, an unknown layer or one without a direction, no
 *   coefficient beside 0, and where no pair can be made.
 */
export async function* runCausal(
  options: CausalOptions,
): AsyncGenerator<CausalRecord, CausalSummary, void> {
  const settled = settle(options);
  const records = new Map<string, CausalRecord>();
  for (const record of options.done ?? []) records.set(keyOf(record), record);
  yield* runUnits('cases', caseUnits(options), records, options);
  yield* runUnits('edits', editUnits(options, settled), records, options);
  const pairs = splits.flatMap((split) => makePairs(split, records, options, settled));
  const columns = patchColumns(settled);
  const patches = pairs.map((of) => patchUnit(of, columns, options, settled));
  yield* runUnits('patches', patches, records, options);
  const { model, directions, meanNorms, accuracy, seed } = options;
  const { layers, coefficients, positions } = settled;
  const kept = { model, method: directions.method, positions, seed, layers, coefficients };
  // In a fixed order: sums depend on it, and a resumed run finds its records in another.
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  return summariseCausal({ ...kept, meanNorms, accuracy, columns, records: sorted });
}

function keyOf(record: CausalRecord): string {
  const { kind, split } = record;
  if (kind === 'patch') return JSON.stringify([kind, split, record.setting, record.recipient]);
  return JSON.stringify([kind, split, record.problem]);
}

/** Yields the records that are missing; a unit of which any is missing is computed as a whole. */
async function* runUnits(
  phase: CausalPhase,
  units: readonly Unit[],
  records: Map<string, CausalRecord>,
  { onProgress, signal }: Pick<CausalOptions, 'onProgress' | 'signal'>,
): AsyncGenerator<CausalRecord, void, void> {
  let done = 0;
  for (const batch of batchesOf(units, together)) {
    signal?.throwIfAborted();
    const missing = batch.filter(({ keys }) => !keys.every((key) => records.has(key)));
    const made = (await Promise.all(missing.map(({ run }) => run()))).flat();
    onProgress?.(phase, (done += batch.length), units.length);
    for (const record of made) {
      if (records.has(keyOf(record))) continue;
      records.set(keyOf(record), record);
      yield record;
    }
  }
}

function caseUnits(options: CausalOptions): Unit[] {
  return splits.flatMap((split) =>
    batchesOf(options.problems[split], caseBatch).map((problems) => ({
      keys: problems.map(({ id }) => JSON.stringify(['case', split, id])),
      run: async () =>
        (await labelCases(problems, options)).map((of) => ({ kind: 'case', split, ...of })),
    })),
  );
}

function editUnits(options: CausalOptions, settled: Settled): Unit[] {
  const { corrector, directions, meanNorms, signal } = options;
  const { layers, positions, limit } = settled;
  const coefficients = settled.coefficients;
  const how = { corrector, meanNorms, layers, coefficients, positions, ...(signal && { signal }) };
  return splits.flatMap((split) =>
    options.problems[split]
      .slice(0, split === 'test' ? limit : Math.ceil(limit / 2))
      .map((problem) => ({
        keys: [JSON.stringify(['edit', split, problem.id])],
        run: async () => {
          const measured = await measureEdits(problem, { ...how, direction: directions.vectors });
          return [{ kind: 'edit', split, ...measured }];
        },
      })),
  );
}

/** The whole map where the finding is tested; the boundary token alone in the controls. */
function patchColumns({ window }: Settled): Record<PatchSetting, readonly PatchColumn[]> {
  const near = Array.from({ length: window }, (_, i) => i - window);
  return {
    correctIntoCopy: ['earlier', ...near, 0],
    copyIntoCorrect: [0],
    copyIntoCopy: [0],
    random: [0],
  };
}

/** Validation pairs are for the rule, which looks at the boundary token of one setting. */
function makePairs(
  split: CausalSplit,
  records: ReadonlyMap<string, CausalRecord>,
  { problems, seed }: CausalOptions,
  { pairs }: Settled,
): { split: CausalSplit; pair: CausalPair }[] {
  const cases = problems[split].flatMap(({ id }): CaseRecord[] => {
    const found = records.get(JSON.stringify(['case', split, id]));
    return found?.kind === 'case' ? [found] : [];
  });
  const settings: readonly PatchSetting[] =
    split === 'validation'
      ? ['correctIntoCopy']
      : ['correctIntoCopy', 'copyIntoCorrect', 'copyIntoCopy', 'random'];
  const random = createRandom(seed).fork(`causal pairs ${split}`);
  return settings.flatMap((setting) =>
    pairCases({ cases, setting, count: pairs, random }).map((pair) => ({ split, pair })),
  );
}

function patchUnit(
  { split, pair }: { split: CausalSplit; pair: CausalPair },
  columns: Readonly<Record<PatchSetting, readonly PatchColumn[]>>,
  options: CausalOptions,
  { layers }: Settled,
): Unit {
  const { setting } = pair;
  const [recipient, donor] = [pair.recipient, pair.donor].map((of) => of.problem);
  const problem = (id: string | undefined): CausalProblem => {
    const found = options.problems[split].find((p) => p.id === id);
    if (!found) throw new Error(`causal: no ${split} problem ${id}`);
    return found;
  };
  const into = problem(recipient);
  const names = { recipient: into.id, donor: problem(donor).id };
  const key = { kind: 'patch', split, setting, ...names } as const;
  return {
    keys: [JSON.stringify(['patch', split, setting, into.id])],
    run: async () => {
      const outcomes = await measurePatches({
        decoder: options.decoder,
        recipient: options.prompt(into),
        donor: options.prompt(problem(donor)),
        layers,
        columns: split === 'test' ? columns[setting] : [0],
        switches: (token) =>
          begins(options.decode(token), into.last) === (pair.recipient.label === 'correct'),
      });
      const equalLength = pair.recipient.promptLength === pair.donor.promptLength;
      return [{ ...key, equalLength, outcomes }];
    },
  };
}

function settle(options: CausalOptions): Settled {
  const { directions, positions = defaultPositions, limit = 64, pairs = 32, window = 8 } = options;
  checkProblems(options.problems);
  const absent = absentLayers(directions);
  const all = Array.from({ length: directions.layers }, (_, layer) => layer);
  const given = options.layers ?? all.filter((layer) => !absent.includes(layer));
  const layers = [...new Set(given)].sort((a, b) => a - b);
  const unknown = layers.find((layer) => !all.includes(layer) || absent.includes(layer));
  if (unknown !== undefined || layers.length === 0) {
    throw new Error(
      `causal: no direction at layer ${unknown ?? '(none given)'} (expected layers of 0 … ${all.length - 1}${absent.length > 0 ? ` without ${absent.join(', ')}` : ''})`,
    );
  }
  const coefficients = checkCoefficients(options.coefficients ?? defaultCoefficients);
  return { layers, coefficients, positions, limit, pairs, window };
}

/** Ascending, without 0: the baseline is always there. */
function checkCoefficients(given: readonly number[]): number[] {
  const bad = given.find((c) => !Number.isFinite(c));
  if (bad !== undefined) throw new Error(`causal: coefficient ${bad} (expected finite numbers)`);
  const coefficients = [...new Set(given)].filter((c) => c !== 0).sort((a, b) => a - b);
  if (coefficients.length === 0) {
    throw new Error('causal: no coefficient beside 0 (expected at least 1); give --coefficients');
  }
  return coefficients;
}

function checkProblems(problems: CausalOptions['problems']): void {
  for (const split of splits) {
    const ids = new Set(problems[split].map(({ id }) => id));
    if (ids.size === 0) throw new Error(`causal: no ${split} problem with a recorded sentence`);
    if (ids.size < problems[split].length) {
      throw new Error(`causal: a ${split} problem is given twice (expected one sentence each)`);
    }
  }
  const known = new Set(problems.test.map(({ id }) => id));
  const both = problems.validation.find(({ id }) => known.has(id));
  if (both) throw new Error(`causal: problem ${both.id} is in validation and test data`);
}
