/**
 * The steering sweep: the corrector pushed along a direction at every coefficient of a grid, with
 * controls. Yields records as they come and ends in the summary; records of an interrupted run are
 * taken up where it stopped, and the summary is then the same.
 */
import { requireReadable } from '../../align/readable.js';
import { createRandom } from '../../math/random.js';
import { resume } from '../shared/resume.js';
import { defaultPositions } from '../../runtime/steering.js';
import { checkGrid, defaultGrid } from './fit.js';
import { createMeasure, itemsTogether } from './measure.js';
import { planSweep, type PlanOptions } from './plan.js';
import { caseKey, summariseSweep } from './summary.js';
import {
  caseRecord,
  type CaseRecord,
  type PlanRecord,
  type SweepRecord,
  type SweepSummary,
} from './shape.js';
import { resolveEditMetric, type OwnEditMetric } from '../../text/editMetricTable.js';
import type { SweepOptions } from './options.js';
import {
  createProgress,
  identityOf,
  makeControls,
  planIdentity,
  toUnit,
  workUnits,
} from './units.js';
import { shownName } from '../../text/given.js';

/**
 * Runs a sweep; returns the summary after the last record.
 * @throws on a corrector that cannot be steered, an empty grid, no problems, an unknown layer, a problem that is in both splits.
 */
export async function* runSweep(
  options: SweepOptions,
): AsyncGenerator<SweepRecord, SweepSummary, void> {
  const { mode, seed, directions } = options;
  const metric = resolveEditMetric(options.metric);
  const grid = checkGrid(options.grid ?? defaultGrid);
  requireReadable(options.corrector, 'sweep');
  checkProblems(options);
  const done = [...(options.done ?? [])];
  let plan = done.find((record): record is PlanRecord => record.kind === 'plan');
  if (!plan) {
    plan = yield* planSweep(toPlanOptions({ ...options, done }, metric, grid));
    yield plan;
  }
  const controls = makeControls(options, plan, grid);
  const cases = new Map<string, CaseRecord>();
  for (const record of done) if (record.kind === 'case') cases.set(caseKey(record), record);
  const work = workUnits({ options, plan, grid, controls });
  const progress = createProgress(options, work);
  const units = work.map((unit) => toUnit(unit, { options, plan, progress, cases }));
  const { store, signal } = options;
  const identity = identityOf(options, plan);
  const shape = caseRecord;
  const kept = { done: cases, store, shape, identity, last: true };
  yield* resume({ units, keyOf: caseKey, ...kept, signal });
  return summariseSweep({
    model: options.model,
    mode,
    positions: options.positions ?? defaultPositions,
    method: directions.method,
    metric,
    ...(options.repeat !== undefined && { repeat: options.repeat }),
    seed,
    grid,
    plan,
    problems: options.problems,
    controls,
    cases,
    warnings: missingControls(options),
  });
}

function missingControls({ training, controls }: SweepOptions): string[] {
  if (training || controls?.shuffled === 0) return [];
  return [
    'controls: none from permuted labels, since the direction was given and nothing was labelled',
  ];
}

/**
 * @throws without problems; where one is given twice or in both splits; in fixed mode, where one has
 *   no recorded round.
 */
export function checkProblems(given: Pick<SweepOptions, 'problems' | 'validation' | 'mode'>): void {
  const { problems, validation, mode } = given;
  if (problems.length === 0) throw new Error('sweep: no problems (expected at least 1)');
  const ids = new Set(problems.map(({ id }) => id));
  if (ids.size < problems.length) throw new Error('sweep: a problem is given twice');
  const both = validation.find(({ id }) => ids.has(id));
  if (both) throw new Error(`sweep: problem ${shownName(both.id)} is in validation and test data`);
  const bare = problems.find(({ inputs }) => inputs.every(({ last }) => last === ''));
  if (mode === 'fixed' && bare) {
    throw new Error(
      `sweep: problem ${shownName(bare.id)} has no recorded round (fixed mode needs one)`,
    );
  }
}

function toPlanOptions(
  options: SweepOptions & { done: readonly SweepRecord[] },
  metric: OwnEditMetric,
  grid: readonly number[],
): PlanOptions {
  const { scale, fitRange, scales, steeredLayers, onProgress, store, signal } = options;
  const { validationProblems, windowProblems } = options;
  return {
    mode: options.planMode ?? options.mode,
    metric,
    directions: options.directions,
    meanNorms: options.meanNorms,
    accuracy: options.accuracy,
    grid,
    validation: createRandom(options.seed).fork('validation').shuffle(options.validation),
    measure: (mode) => createMeasure({ ...options, mode }),
    together: (coefficients) => itemsTogether(coefficients, options),
    layers: steeredLayers,
    ...{ scale, fitRange, scales, windowProblems, problems: validationProblems },
    done: options.done.filter((record) => record.kind === 'scales'),
    onProgress: (done, total) => onProgress?.('validation', done, total),
    identity: planIdentity(options),
    ...(store && { store }),
    ...(signal && { signal }),
  };
}
