/**
 * What a sweep fixes on validation data before the test run: steered layers, scale, fit range.
 *
 * 1. Layers (unless given): windows of 1 … 3 neighbouring layers around those of best held-out
 *    accuracy, in fixed mode, each at every other harmless scale; the largest |slope| · R² wins.
 * 2. Scale: of the harmless ones (less than 5 points more degenerate outputs at every point tried
 *    than unsteered, which may be degenerate by nature: solutions say numbers again) the one of
 *    largest |slope| · R² in the sweep's own mode. Not simply the largest: long before outputs
 *    repeat themselves or run on, both ends of the curve rise with garbled rewrites, and a grid
 *    stretched that far has no straight part left (seen on a real corrector: monotone at 0.125
 *    mean norms, U-shaped at 0.5, both without a degenerate output at one layer).
 * 3. Fit range: on the whole grid, in the sweep's own mode (sweepFit.ts).
 *
 * The sign is the labels'. A slope that goes the other way on validation data is a finding; it is
 * said, and nothing is flipped.
 */
import { fitLine } from '../../math/fit.js';
import { absentLayers } from '../../read/directions.js';
import { layerWindows, steeringUnit } from '../shared/steeringUnit.js';
import { unknownAccuracy } from '../shared/reading/steeringBasis.js';
import { chooseFitRange, within } from './fit.js';
import {
  addedHarm,
  climbLadders,
  degenerateLimit,
  measureCurve,
  type PlanUnitOptions,
} from './planUnits.js';
import { hasSentence } from '../../text/copied.js';
import { goesWithLabels, type OwnEditMetric } from '../../text/editMetricTable.js';
import type { PlanRecord, ScalesRecord, SweepMode, ValidationReport } from './shape.js';
import type { SweepProblem } from './problems.js';

/** Scales that are tried, ascending; 1 is one mean residual norm in all. */
const defaultScales: readonly number[] = [0.0625, 0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];

export interface PlanOptions extends PlanUnitOptions {
  /** In which scale and fit range are fixed; the sweep's own unless asked otherwise. */
  mode: SweepMode;
  /** `[L]`, of the direction on held-out stimuli: where to look for layers. Null: not known. */
  accuracy: readonly number[] | null;
  /** In random order; the plan takes what it needs from the front. */
  validation: readonly SweepProblem[];
  /** Steered layers. Default: chosen on validation data. */
  layers?: readonly number[];
  /** Default: chosen on validation data. */
  scale?: number;
  /** Default: chosen on validation data. */
  fitRange?: [number, number];
  scales?: readonly number[];
  /** Validation problems of the whole grid. Default 40. */
  problems?: number;
  /** Validation problems per window of layers, one round each. Default 16. */
  windowProblems?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Yields what was tried, as it comes; returns the plan. */
type Planning<T> = AsyncGenerator<ScalesRecord, T, void>;

/**
 * @throws where there is no validation problem, or the metric has no value on them; where no layers
 *   are given and the accuracies are not known.
 */
export async function* planSweep(options: PlanOptions): Planning<PlanRecord> {
  if (options.validation.length === 0) throw new Error('sweep: no validation problem');
  const windows = options.layers ? [] : yield* tryWindows(options);
  const layers = options.layers ?? bestWindow(windows);
  const { scale, scales } = yield* settleScale(options, layers, windows);
  const unit = steeringUnit({ layers, meanNorms: options.meanNorms, scale });
  const problems = options.validation.slice(0, options.problems ?? 40);
  const curve = await measureCurve({ mode: options.mode, layers, scale, problems }, options);
  const known = curve.means.flatMap((mean, i) =>
    mean === null ? [] : [{ mean, coefficient: options.grid[i] ?? 0 }],
  );
  if (known.length < options.grid.length) {
    throw new Error(
      `sweep: ${options.metric.name} has no value at ${options.grid.length - known.length} coefficients on the validation problems`,
    );
  }
  const means = known.map(({ mean }) => mean);
  const fitRange = options.fitRange ?? chooseFitRange(options.grid, means);
  const inside = within(options.grid, fitRange);
  const line = fitLine(
    inside.map((i) => options.grid[i] ?? 0),
    inside.map((i) => means[i] ?? 0),
  );
  return {
    kind: 'plan',
    layers: [...unit.layers],
    scale,
    unitValue: [...unit.unitValue],
    fitRange,
    validation: {
      mode: options.mode,
      problems: Math.min(options.problems ?? 40, options.validation.length),
      scale,
      slope: line.slope,
      r2: line.r2,
      points: options.grid.map((coefficient, i) => ({
        coefficient,
        mean: curve.means[i] ?? null,
        degenerate: curve.degenerate[i] ?? null,
      })),
      windows,
      scales,
      warnings: planWarnings(options.metric, line.slope, addedHarm(options.grid, curve)),
    },
  };
}

type Windows = ValidationReport['windows'];

/** Every window's largest harmless scale, and its line over a coarse grid at that scale. */
async function* tryWindows(options: PlanOptions): Planning<Windows> {
  const candidates = candidateWindows(options);
  const problems = options.validation
    .slice(0, options.windowProblems ?? 16)
    .map((p, i) => ({ ...p, inputs: oneInput(p, i) }));
  checkRecorded(problems);
  let tried = 0;
  // Every other scale will do here; the chosen window's is settled on the whole ladder.
  const scales = everyOther(options);
  const ladders = candidates.map((layers) => ({
    mode: 'fixed' as const,
    layers,
    problems,
    scales,
  }));
  const harmless = yield* climbLadders(ladders, {
    ...options,
    onLadder: () => options.onProgress?.(++tried, candidates.length),
  });
  return candidates.flatMap((layers, i) => {
    const best = bestOf(harmless[i] ?? []);
    return best ? [{ layers, scale: best.scale, slope: best.slope, r2: best.r2 }] : [];
  });
}

/** @throws where no validation problem has a recorded round, on which layers are chosen. */
export function checkRecorded(validation: readonly SweepProblem[]): void {
  if (validation.some(({ inputs }) => inputs.length > 0)) return;
  throw new Error(
    'sweep: layers are chosen on recorded rounds, and no validation problem has one; give recorded rounds or layers',
  );
}

/** Windows around the two layers of best accuracy, of layers that have a direction. */
function candidateWindows({ accuracy, directions }: PlanOptions): number[][] {
  if (!accuracy) throw new Error(`sweep: ${unknownAccuracy}`);
  const absent = new Set(absentLayers(directions));
  const ranked = accuracy.map((_, layer) => layer).filter((layer) => !absent.has(layer));
  ranked.sort((a, b) => (accuracy[b] ?? 0) - (accuracy[a] ?? 0) || a - b);
  const windows = layerWindows({ layers: accuracy.length, around: ranked.slice(0, 2) });
  return windows.filter((window) => window.every((layer) => !absent.has(layer)));
}

function everyOther(options: PlanOptions): readonly number[] {
  if (options.scale !== undefined) return [options.scale];
  const scales = options.scales ?? defaultScales;
  return scales.filter((_, i) => (scales.length - 1 - i) % 2 === 0);
}

function bestWindow(windows: Windows): number[] {
  const best = bestOf(windows);
  if (!best) {
    throw new Error(
      'sweep: even the smallest scale breaks the outputs of every window of layers; give layers and scale',
    );
  }
  return best.layers;
}

/** The largest |slope| · R²: the most effect that is still a line. */
function bestOf<T extends { slope: number; r2: number | null }>(
  tried: readonly T[],
): T | undefined {
  const score = ({ slope, r2 }: T): number => Math.abs(slope) * (r2 ?? 0);
  const [first, ...rest] = tried;
  return first && rest.reduce((a, b) => (score(b) > score(a) ? b : a), first);
}

/** The scale of the chosen layers, in the sweep's mode. */
async function* settleScale(
  options: PlanOptions,
  layers: readonly number[],
  windows: Windows,
): Planning<{ scale: number; scales: ValidationReport['scales'] }> {
  if (options.scale !== undefined) return { scale: options.scale, scales: [] };
  const all = options.scales ?? defaultScales;
  // The window's scale is a good guess: only its neighbours are tried.
  const guess = windows.find((w) => w.layers.join() === layers.join())?.scale;
  const at = guess === undefined ? -1 : all.indexOf(guess);
  const ladder = at < 0 ? all : all.slice(Math.max(0, at - 1), at + 2);
  const problems = options.validation.slice(0, options.problems ?? 40);
  const whole = { mode: options.mode, layers, problems, scales: ladder };
  const [scales = []] = yield* climbLadders([whole], options);
  const scale = bestOf(scales)?.scale ?? ladder[0];
  if (scale === undefined) throw new Error('sweep: no scale to try (expected at least 1)');
  return { scale, scales };
}

/** One recorded round of a problem, a different place in the answer from problem to problem. */
function oneInput(problem: SweepProblem, index: number): SweepProblem['inputs'] {
  const usable = problem.inputs.filter(({ last }) => hasSentence(last));
  return usable.slice(index % Math.max(1, usable.length)).slice(0, 1);
}

function planWarnings(metric: OwnEditMetric, slope: number, added: number): string[] {
  const warnings: string[] = [];
  if (!goesWithLabels(metric, slope)) {
    warnings.push(
      `sign: on validation data ${metric.name} goes against the labels (slope ${slope.toFixed(3)}); the sign is the labels' and was not flipped`,
    );
  }
  if (added >= degenerateLimit) {
    warnings.push(
      `scale: ${(100 * added).toFixed(1)} points more degenerate outputs at the worst point of the validation grid than unsteered (expected under 5)`,
    );
  }
  return warnings;
}
