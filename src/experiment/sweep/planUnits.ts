/**
 * What a sweep measures on validation data, as units of work: ladders of scales, and the curve over
 * the whole grid. A ladder is one unit, since where it ends depends on all of its problems; its
 * record is one of the run's. The curve's outcomes are kept in the store alone.
 */
import { z } from 'zod';
import { fitLine } from '../../math/fit.js';
import type { Directions } from '../../read/directions.js';
import type { Store } from '../../record/store.js';
import type { OwnEditMetric } from '../../text/editMetricTable.js';
import { batchesOf } from '../shared/batches.js';
import { resume, type Unit } from '../shared/resume.js';
import { steeringUnit } from '../shared/steeringUnit.js';
import { metricTable, tableMeans } from './fit.js';
import type { Measure } from './measure.js';
import type { SweepProblem } from './problems.js';
import { caseOutcome, scalesRecord, type CaseOutcome, type ScalesRecord, type SweepMode } from './shape.js'; // prettier-ignore

/** Most degenerate outputs at any point of the grid, above the share at coefficient 0. */
export const degenerateLimit = 0.05;

export interface PlanUnitOptions {
  metric: OwnEditMetric;
  directions: Directions;
  /** `[L]`, at the boundary token. */
  meanNorms: readonly number[];
  grid: readonly number[];
  /** A fresh measure in the given mode. */
  measure: (mode: SweepMode) => Measure;
  /** Problems that a measure computes as one batch on so many coefficients. Default 1. */
  together?: (coefficients: number) => number;
  /** Ladders of an earlier run of the same command. */
  done?: readonly ScalesRecord[];
  /** Where units of work are kept for other runs, and what goes into each. */
  store?: Store;
  identity?: unknown;
  signal?: AbortSignal;
}

/** Where scales are tried. */
export interface Ladder {
  mode: SweepMode;
  layers: readonly number[];
  problems: readonly SweepProblem[];
  /** Ascending. */
  scales: readonly number[];
}

/** Over problems, by coefficient. */
export interface Curve {
  means: (number | null)[];
  degenerate: number[];
}

/** Yields the ladders that are missing; returns the harmless scales of each. */
export async function* climbLadders(
  ladders: readonly Ladder[],
  options: PlanUnitOptions & { onLadder?: () => void },
): AsyncGenerator<ScalesRecord, ScalesRecord['scales'][], void> {
  const { store, identity, signal, onLadder } = options;
  const done = new Map((options.done ?? []).map((record) => [scalesKey(record), record]));
  const units = ladders.map((ladder): Unit<ScalesRecord> => ({
    records: [scalesKey(placeOf(ladder))],
    inputs: { ladder, grid: coarseGrid(options.grid) },
    run: async () => [{ kind: 'scales', ...placeOf(ladder), scales: await climb(ladder, options) }],
  }));
  const kept = { store, shape: scalesRecord, identity, signal, onUnit: onLadder };
  yield* resume({ units, keyOf: scalesKey, done, ...kept });
  return ladders.map((ladder) => done.get(scalesKey(placeOf(ladder)))?.scales ?? []);
}

function placeOf({
  mode,
  layers,
  problems,
  scales,
}: Ladder): Omit<ScalesRecord, 'kind' | 'scales'> {
  // prettier-ignore
  return { mode, layers: [...layers], problems: problems.length, of: [...scales] };
}

function scalesKey({ mode, layers, problems, of }: Omit<ScalesRecord, 'kind' | 'scales'>): string {
  return JSON.stringify([mode, layers, problems, of]);
}

/** Both ends, 0, and the middle of either side. */
function coarseGrid(grid: readonly number[]): number[] {
  const zero = grid.indexOf(0);
  const last = grid.length - 1;
  const indices = [0, Math.round(zero / 2), zero, Math.round((zero + last) / 2), last];
  return [...new Set(indices)].map((i) => grid[i] ?? 0);
}

/** Ascending scales on a coarse grid, up to the first harmful one, which is left out. */
async function climb(
  { mode, layers, problems, scales: ladder }: Ladder,
  options: PlanUnitOptions,
): Promise<ScalesRecord['scales']> {
  const measure = options.measure(mode);
  const coefficients = coarseGrid(options.grid);
  const scales: ScalesRecord['scales'] = [];
  for (const scale of ladder) {
    options.signal?.throwIfAborted();
    const unit = steeringUnit({ layers, meanNorms: options.meanNorms, scale });
    const direction = options.directions.vectors;
    const curve = curveOf(await measure({ problems, coefficients, direction, unit }), options);
    const degenerate = Math.max(...curve.degenerate);
    if (addedHarm(coefficients, curve) >= degenerateLimit) break;
    const means = curve.means.map((mean) => mean ?? 0);
    const { slope, r2 } = fitLine(coefficients, means);
    scales.push({ scale, degenerate, slope, r2 });
  }
  return scales;
}

/** The share of degenerate outputs that steering adds at the worst point. */
export function addedHarm(grid: readonly number[], { degenerate }: Curve): number {
  return Math.max(...degenerate) - (degenerate[grid.indexOf(0)] ?? 0);
}

const measured = z.strictObject({ problem: z.string(), outcomes: z.array(caseOutcome) });
type Measured = z.infer<typeof measured>;

/** Problems per unit, about. */
const unitProblems = 16;

/** The curve over the whole grid. */
export async function measureCurve(
  at: { mode: SweepMode; layers: readonly number[]; scale: number; problems: readonly SweepProblem[] }, // prettier-ignore
  options: PlanUnitOptions,
): Promise<Curve> {
  const { mode, layers, scale, problems } = at;
  const { grid, store, identity, signal } = options;
  const steered = steeringUnit({ layers, meanNorms: options.meanNorms, scale });
  const request = { coefficients: grid, direction: options.directions.vectors, unit: steered };
  // Batches are the same as if all were measured at once.
  const together = options.together?.(grid.length) ?? 1;
  const size = together * Math.max(1, Math.round(unitProblems / together));
  const units = batchesOf(problems, size).map((batch): Unit<Measured> => ({
    records: batch.map(({ id }) => id),
    inputs: { mode, layers, scale, grid, batch },
    run: async () => {
      const outcomes = await options.measure(mode)({ ...request, problems: batch });
      return batch.map(({ id }, i) => ({ problem: id, outcomes: outcomes[i] ?? [] }));
    },
  }));
  const made = new Map<string, Measured>();
  const keyOf = ({ problem }: Measured): string => problem;
  const work = resume({ units, keyOf, done: made, store, shape: measured, identity, signal });
  while (!(await work.next()).done);
  return curveOf(
    problems.map(({ id }) => made.get(id)?.outcomes ?? []),
    options,
  );
}

/** @param outcomes `[problems][coefficients]` */
function curveOf(outcomes: CaseOutcome[][], { metric }: Pick<PlanUnitOptions, 'metric'>): Curve {
  const degenerate = tableMeans(metricTable(outcomes, (o) => o.degenerate));
  return {
    means: tableMeans(metricTable(outcomes, metric.name)),
    degenerate: degenerate.map((share) => share ?? 0),
  };
}
