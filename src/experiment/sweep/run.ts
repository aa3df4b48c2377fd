/**
 * The steering sweep: the corrector pushed along a direction at every coefficient of a grid, with
 * controls. Yields records as they come and ends in the summary; records of an interrupted run are
 * taken up where it stopped, and the summary is then the same.
 */
import { requireReadable } from '../../align/readable.js';
import { createRandom } from '../../math/random.js';
import type { Directions, LabelledStates } from '../../read/directions.js';
import type { Store } from '../../record/store.js';
import { batchesOf } from '../shared/batches.js';
import { whoIs } from '../shared/identities.js';
import { hashVectors, resume, type Unit } from '../shared/resume.js';
import {
  randomControls,
  shuffledControls,
  type ControlDirection,
} from '../shared/steeringControls.js';
import { defaultPositions } from '../../runtime/steering.js';
import { checkGrid, defaultGrid } from './fit.js';
import { createMeasure, type MeasureOptions } from './measure.js';
import { planSweep, type PlanOptions } from './plan.js';
import { caseKey, controlCoefficients, summariseSweep } from './summary.js';
import type {
  CaseRecord,
  DirectionName,
  PlanRecord,
  SweepMode,
  SweepRecord,
  SweepSummary,
} from './shape.js';
import { resolveEditMetric, type OwnEditMetric } from '../../text/editMetricTable.js';
import type { SweepProblem } from './problems.js';

export type SweepPhase = 'validation' | 'sweep' | 'controls';

export interface SweepOptions
  extends
    MeasureOptions,
    Pick<PlanOptions, 'meanNorms' | 'accuracy' | 'scale' | 'fitRange' | 'scales'> {
  /** The corrector's name in the summary. */
  model: string;
  directions: Directions;
  /**
   * Labelled states the directions were made from, for the permuted-label controls. Null: nothing was
   * labelled, so that there are none.
   */
  training: LabelledStates | null;
  /** Test problems, all of them used. */
  problems: readonly SweepProblem[];
  /** Validation problems, no test problem among them. */
  validation: readonly SweepProblem[];
  /** Default −1 … 1 in steps of 0.125. */
  grid?: readonly number[];
  /** Default: chosen on validation data. */
  steeredLayers?: readonly number[];
  seed: number;
  /**
   * Mode in which scale and fit range are fixed. Default: the sweep's own. In the loop most of the
   * time goes into this; recorded sentences take a tenth of it.
   */
  planMode?: SweepMode;
  /** Validation problems of the whole grid. Default 40. */
  validationProblems?: number;
  /** Validation problems per window of layers. Default 16. */
  windowProblems?: number;
  controls?: {
    /** Default 30. */
    random?: number;
    /** Default 3. */
    shuffled?: number;
    /** The first so many of the test problems. Default 32. */
    problems?: number;
  };
  /** Records of an earlier run of the same command. */
  done?: Iterable<SweepRecord>;
  /** Where units of work are kept for other runs. */
  store?: Store;
  onProgress?: (phase: SweepPhase, done: number, total: number) => void;
}

/** Problems computed as one unit, along one direction after the other. */
interface WorkUnit {
  phase: SweepPhase;
  problems: readonly SweepProblem[];
  coefficients: readonly number[];
  directions: readonly { name: DirectionName; vectors: Float32Array }[];
}

/** Problems per unit: a few batches, which run side by side where there are several models. */
const unitProblems = 16;

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
    plan = await planSweep(toPlanOptions(options, metric, grid));
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
  yield* resume({ units, keyOf: caseKey, done: cases, store, identity, signal });
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

function checkProblems({ problems, validation, mode }: SweepOptions): void {
  if (problems.length === 0) throw new Error('sweep: no problems (expected at least 1)');
  const ids = new Set(problems.map(({ id }) => id));
  if (ids.size < problems.length) throw new Error('sweep: a problem is given twice');
  const both = validation.find(({ id }) => ids.has(id));
  if (both) throw new Error(`sweep: problem ${both.id} is in validation and test data`);
  const bare = problems.find(({ inputs }) => inputs.every(({ last }) => last === ''));
  if (mode === 'fixed' && bare) {
    throw new Error(`sweep: problem ${bare.id} has no recorded round (fixed mode needs one)`);
  }
}

function toPlanOptions(
  options: SweepOptions,
  metric: OwnEditMetric,
  grid: readonly number[],
): PlanOptions {
  const { scale, fitRange, scales, steeredLayers, onProgress } = options;
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
    ...(steeredLayers && { layers: steeredLayers }),
    ...(scale !== undefined && { scale }),
    ...(fitRange && { fitRange }),
    ...(scales && { scales }),
    ...(validationProblems !== undefined && { problems: validationProblems }),
    ...(windowProblems !== undefined && { windowProblems }),
    ...(onProgress && {
      onProgress: (done, total) => {
        onProgress('validation', done, total);
      },
    }),
  };
}

interface Controls {
  problems: readonly SweepProblem[];
  coefficients: readonly number[];
  random: ControlDirection[];
  shuffled: ControlDirection[];
}

function makeControls(options: SweepOptions, plan: PlanRecord, grid: readonly number[]): Controls {
  const { random = 30, shuffled = 3, problems = 32 } = options.controls ?? {};
  const { training } = options;
  const shared = { tested: options.directions, layers: plan.layers, seed: options.seed };
  return {
    problems: options.problems.slice(0, problems),
    coefficients: controlCoefficients(grid, plan),
    random: randomControls({ ...shared, count: random }),
    shuffled: shuffledControls({ ...shared, count: shuffled, training }),
  };
}

function workUnits(given: {
  options: SweepOptions;
  plan: PlanRecord;
  grid: readonly number[];
  controls: Controls;
}): WorkUnit[] {
  const { options, grid, controls } = given;
  const tested = { name: 'tested' as const, vectors: options.directions.vectors };
  const main = batchesOf(options.problems, unitProblems).map((problems): WorkUnit => ({
    phase: 'sweep',
    problems,
    coefficients: grid,
    directions: [tested],
  }));
  const directions = [
    ...controls.random.map((c) => ({ name: `random-${c.seed}` as const, vectors: c.vectors })),
    ...controls.shuffled.map((c) => ({ name: `shuffled-${c.seed}` as const, vectors: c.vectors })),
  ];
  const coefficients = controls.coefficients.filter((c) => c !== 0);
  const rest = batchesOf(directions.length > 0 ? controls.problems : [], unitProblems).map(
    (problems): WorkUnit => ({ phase: 'controls', problems, coefficients, directions }),
  );
  return [...main, ...rest];
}

/** Counts cases per phase; those of an earlier run count as done. */
type Progress = (unit: WorkUnit, directions: number) => void;

function createProgress({ onProgress }: SweepOptions, units: readonly WorkUnit[]): Progress {
  const size = (unit: WorkUnit, directions: number): number =>
    unit.problems.length * unit.coefficients.length * directions;
  const totals = { validation: 0, sweep: 0, controls: 0 };
  const counts = { ...totals };
  for (const unit of units) totals[unit.phase] += size(unit, unit.directions.length);
  return (unit, directions) => {
    counts[unit.phase] += size(unit, directions);
    onProgress?.(unit.phase, counts[unit.phase], totals[unit.phase]);
  };
}

interface UnitContext {
  options: SweepOptions;
  plan: PlanRecord;
  progress: Progress;
  cases: ReadonlyMap<string, CaseRecord>;
}

function toUnit(unit: WorkUnit, given: UnitContext): Unit<CaseRecord> {
  const { problems, coefficients, directions } = unit;
  const records = directions.flatMap(({ name: direction }) =>
    problems.flatMap(({ id: problem }) =>
      coefficients.map((coefficient) => caseKey({ direction, coefficient, problem })),
    ),
  );
  // What is complete from an earlier run counts at once.
  if (records.every((key) => given.cases.has(key))) given.progress(unit, directions.length);
  const along = directions.map(({ name, vectors }) => ({ name, sha256: hashVectors(vectors) }));
  return {
    records,
    inputs: { problems, coefficients, directions: along },
    run: () => measureUnit(unit, given),
  };
}

/** Every record of a unit, direction by direction. */
async function* measureUnit(
  unit: WorkUnit,
  { options, plan, progress }: UnitContext,
): AsyncGenerator<CaseRecord, void> {
  const { problems, coefficients, directions } = unit;
  const measure = createMeasure(options);
  for (const { name, vectors } of directions) {
    options.signal?.throwIfAborted();
    const outcomes = await measure({ problems, coefficients, direction: vectors, unit: plan });
    progress(unit, 1);
    for (const [p, { id }] of problems.entries()) {
      for (const [c, coefficient] of coefficients.entries()) {
        const outcome = outcomes[p]?.[c];
        if (!outcome) throw new Error(`sweep: no outcome of problem ${id} at ${coefficient}`);
        yield { kind: 'case', direction: name, coefficient, problem: id, ...outcome };
      }
    }
  }
}

/** What goes into every unit beside its own inputs. */
function identityOf(options: SweepOptions, { layers, unitValue }: PlanRecord): unknown {
  const { mode, positions, limits, repeat, metric, corrector, upstream, scorer } = options;
  const models = { corrector: whoIs(corrector), upstream: upstream && whoIs(upstream) };
  const judged = scorer?.identity;
  const how = { mode, positions, limits, repeat, layers, unitValue };
  // Those of the table are in every record.
  const own = typeof metric === 'object' ? metric.name : undefined;
  return { kind: 'sweep', version: 1, ...models, judged, ...how, metric: own };
}
