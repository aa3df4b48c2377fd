/**
 * The finding behind the figures, tested causally: one layer at a time is steered, the direction is
 * removed at one layer, and hidden states of a correcting run are put into a copying one. Yields
 * records as they come and ends in the summary; an interrupted run goes on from its records.
 */
import { requireReadable } from '../../align/readable.js';
import { createRandom } from '../../math/random.js';
import { batchesOf } from '../shared/batches.js';
import { whoIs } from '../shared/identities.js';
import { hashVectors, resume, type Unit } from '../shared/resume.js';
import { begins, fittingProblems, labelCases } from './cases.js';
import { measureControls, measureEdits, type EditOptions } from './edits.js';
import { settle, splits, type CausalOptions, type CausalPhase, type Settled } from './options.js';
import { pairCases, type CausalPair } from './pairs.js';
import { measurePatches, type PatchColumn } from './patches.js';
import { summariseCausal } from './summary.js';
import { randomControls } from '../shared/steeringControls.js';
import {
  causalRecord,
  type CaseRecord,
  type CausalRecord,
  type CausalSummary,
  type PatchSetting,
  type CausalSplit,
} from './shape.js';
import { defaultEditMetric, resolveEditMetric } from '../../text/editMetricTable.js';
import type { CausalProblem } from './problems.js';

/** Units asked for at once: they run side by side where a model has several copies. */
const together = 4;
const caseBatch = 32;

/**
 * Runs a causal test; returns the summary after the last record.
 * @throws on no problems, a problem in both splits, an unknown layer or one without a direction, and
 *   no coefficient beside 0.
 */
export async function* runCausal(
  given: CausalOptions,
): AsyncGenerator<CausalRecord, CausalSummary, void> {
  requireReadable(given.corrector, 'causal');
  const settled = settle(given);
  const { validation, test } = given.problems;
  const fit = {
    validation: fittingProblems(validation, given),
    test: fittingProblems(test, given),
  };
  const problems = { validation: fit.validation.kept, test: fit.test.kept };
  const options = { ...given, problems };
  const warnings = splits.flatMap((split) => fit[split].warnings);
  const records = new Map<string, CausalRecord>();
  for (const record of options.done ?? []) records.set(keyOf(record), record);
  yield* runPhase('cases', caseUnits(options), records, options);
  yield* runPhase('edits', editUnits(options, settled), records, options);
  yield* runPhase('controls', controlUnits(options, settled), records, options);
  const pairs = splits.flatMap((split) => makePairs(split, records, options, settled));
  const columns = patchColumns(settled);
  const patches = pairs.map((pair) => patchUnit(pair, columns, options, settled));
  yield* runPhase('patches', patches, records, options);
  const { model, directions, meanNorms, accuracy, heldOutN, seed } = options;
  const { layers, scale, coefficients, positions, controls } = settled;
  const metric = resolveEditMetric(options.metric);
  const kept = { model, method: directions.method, metric, positions, seed, layers, coefficients };
  const controlled = controls.coefficients;
  // In a fixed order: sums depend on it, and a resumed run finds its records in another.
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  return summariseCausal({
    ...{
      ...kept,
      controlled,
      scale,
      meanNorms,
      accuracy,
      heldOutN,
      columns,
      records: sorted,
      warnings,
    },
  });
}

function keyOf(record: CausalRecord): string {
  const { kind, split } = record;
  if (kind === 'patch') return JSON.stringify([kind, split, record.setting, record.recipient]);
  return JSON.stringify([kind, split, record.problem]);
}

/** Yields what is missing of a phase, with progress by its units. */
async function* runPhase(
  phase: CausalPhase,
  units: readonly Unit<CausalRecord>[],
  done: Map<string, CausalRecord>,
  options: CausalOptions,
): AsyncGenerator<CausalRecord, void> {
  const { onProgress, signal, store } = options;
  let ended = 0;
  const onUnit = (): void => onProgress?.(phase, ++ended, units.length);
  const identity = identityOf(options);
  const shape = causalRecord;
  const kept = { store, shape, identity, last: phase === 'patches' };
  yield* resume({ units, done, keyOf, atOnce: together, ...kept, onUnit, signal });
}

/** What goes into every unit beside its own inputs. */
function identityOf(options: CausalOptions): unknown {
  const { corrector, directions, meanNorms, repeat, seed } = options;
  const { vectors, method } = directions;
  const direction = { method, sha256: hashVectors(vectors), meanNorms: [...meanNorms] };
  const { name } = resolveEditMetric(options.metric);
  const metric = name === defaultEditMetric ? undefined : name;
  const how = { direction, metric, repeat, seed };
  return { kind: 'causal', version: 3, corrector: whoIs(corrector), ...how };
}

function caseUnits(options: CausalOptions): Unit<CausalRecord>[] {
  return splits.flatMap((split) =>
    batchesOf(options.problems[split], caseBatch).map((problems) => ({
      records: problems.map(({ id }) => JSON.stringify(['case', split, id])),
      inputs: { split, problems },
      run: async () =>
        (await labelCases(problems, options)).map((made) => ({ kind: 'case', split, ...made })),
    })),
  );
}

function editUnits(options: CausalOptions, settled: Settled): Unit<CausalRecord>[] {
  const how = editOptions(options, settled);
  const { limit } = settled;
  return splits.flatMap((split) =>
    options.problems[split]
      .slice(0, split === 'test' ? limit : Math.ceil(limit / 2))
      .map((problem) => ({
        records: [JSON.stringify(['edit', split, problem.id])],
        inputs: { split, problem, edited: settled },
        run: async () => {
          const measured = await measureEdits(problem, {
            ...how,
            direction: options.directions.vectors,
          });
          return [{ kind: 'edit', split, ...measured }];
        },
      })),
  );
}

function editOptions(
  { corrector, meanNorms, metric, repeat, signal }: CausalOptions,
  { layers, scale, coefficients, positions }: Settled,
): EditOptions {
  return {
    ...{ corrector, meanNorms, layers, scale, coefficients, positions, repeat, signal },
    metric: resolveEditMetric(metric),
  };
}

/** Random directions on the first of the steered test problems. */
function controlUnits(options: CausalOptions, settled: Settled): Unit<CausalRecord>[] {
  const { directions: tested, seed, problems } = options;
  const { layers, controls, limit } = settled;
  if (controls.random === 0) return [];
  const made = randomControls({ tested, layers, seed, count: controls.random });
  const directions = made.map(({ vectors }) => vectors);
  const how = { ...editOptions(options, settled), coefficients: controls.coefficients };
  return problems.test.slice(0, Math.min(limit, controls.problems)).map((problem) => ({
    records: [JSON.stringify(['control', 'test', problem.id])],
    inputs: { problem, controls, layers, positions: settled.positions },
    run: async () => {
      const measured = await measureControls(problem, { ...how, directions });
      return [{ kind: 'control', split: 'test', ...measured }];
    },
  }));
}

/** The whole map one way; the boundary token alone the other way, and in the controls. */
function patchColumns({ window }: Settled): Record<PatchSetting, readonly PatchColumn[]> {
  const near = Array.from({ length: window }, (_, i) => i - window);
  return {
    correctIntoCopy: ['earlier', ...near, 0],
    copyIntoCorrect: [0],
    copyIntoCopy: [0],
    random: [0],
  };
}

/** Validation pairs are for the rule, which looks at the boundary token both ways. */
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
      ? ['correctIntoCopy', 'copyIntoCorrect']
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
): Unit<CausalRecord> {
  const { setting } = pair;
  const [recipient, donor] = [pair.recipient, pair.donor].map((side) => side.problem);
  const problem = (id: string | undefined): CausalProblem => {
    const found = options.problems[split].find((p) => p.id === id);
    if (!found) throw new Error(`causal: no ${split} problem ${id}`);
    return found;
  };
  const into = problem(recipient);
  const names = { recipient: into.id, donor: problem(donor).id };
  const key = { kind: 'patch', split, setting, ...names } as const;
  return {
    records: [JSON.stringify(['patch', split, setting, into.id])],
    inputs: { split, setting, into, donor: problem(donor), layers, columns: columns[setting] },
    run: async () => {
      const outcomes = await measurePatches({
        decoder: options.decoder,
        recipient: options.prompt(into),
        donor: options.prompt(problem(donor)),
        layers,
        columns: split === 'test' ? columns[setting] : [0],
        switches: (token) =>
          begins(token, into.last, options) === (pair.recipient.label === 'correct'),
      });
      const equalLength = pair.recipient.promptLength === pair.donor.promptLength;
      return [{ ...key, equalLength, outcomes }];
    },
  };
}
