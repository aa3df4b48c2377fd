/** The units of work of a sweep: problems at all coefficients, along the tested direction or the controls. */
import { defaultPositions } from '../../runtime/steering.js';
import { batchesOf } from '../shared/batches.js';
import { whoIs } from '../shared/identities.js';
import { hashVectors, type Unit } from '../shared/resume.js';
import {
  randomControls,
  shuffledControls,
  type ControlDirection,
} from '../shared/steeringControls.js';
import { createMeasure } from './measure.js';
import { caseKey, controlCoefficients } from './summary.js';
import type { CaseRecord, DirectionName, PlanRecord } from './shape.js';
import type { SweepProblem } from './problems.js';
import type { SweepOptions, SweepPhase } from './options.js';

/** Problems computed as one unit, along one direction after the other. */
export interface WorkUnit {
  phase: SweepPhase;
  problems: readonly SweepProblem[];
  coefficients: readonly number[];
  directions: readonly { name: DirectionName; vectors: Float32Array }[];
}

/** Problems per unit: a few batches, which run side by side where there are several models. */
const unitProblems = 16;

export interface Controls {
  problems: readonly SweepProblem[];
  coefficients: readonly number[];
  random: ControlDirection[];
  shuffled: ControlDirection[];
}

export function makeControls(
  options: SweepOptions,
  plan: PlanRecord,
  grid: readonly number[],
): Controls {
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

export function workUnits(given: {
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

export function createProgress({ onProgress }: SweepOptions, units: readonly WorkUnit[]): Progress {
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

export function toUnit(unit: WorkUnit, given: UnitContext): Unit<CaseRecord> {
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
export function identityOf(options: SweepOptions, { layers, unitValue }: PlanRecord): unknown {
  const { mode } = options;
  return { kind: 'sweep', version: 6, mode, ...measuredBy(options), layers, unitValue };
}

/** The same for the units of the plan, whose direction and norms are the same throughout. */
export function planIdentity(options: SweepOptions): unknown {
  const { directions, meanNorms } = options;
  const direction = { sha256: hashVectors(directions.vectors), meanNorms: [...meanNorms] };
  return { kind: 'sweep plan', version: 4, ...measuredBy(options), direction };
}

/** Models, and how they are asked. */
function measuredBy(options: SweepOptions): Record<string, unknown> {
  const { limits, repeat, metric, corrector, upstream, scorer } = options;
  const { caches, batchSize, positions = defaultPositions } = options;
  const models = { corrector: whoIs(corrector), upstream: upstream && whoIs(upstream) };
  // Those of the table are in every record.
  const own = typeof metric === 'object' ? metric.name : undefined;
  const how = { positions, limits, repeat, caches, batchSize, metric: own };
  return { ...models, judged: scorer?.identity, ...how };
}
