/**
 * Calibration: which coefficient gives which edit ratio, on prompts of one's own. The steering curve is
 * measured as a sweep measures it, in the loop, with more points where it is steep; it is made
 * monotone, read backwards, and tried on prompts that it was not made of.
 */
import type { QuestionSet } from '../../data/types.js';
import { coefficientFor, expectedInterval, fitCurve, meanInterval, risingPart } from './curve.js';
import { directionHash } from './file.js';
import { pointsAt, type Measured } from './points.js';
import type { Calibration, CalibrationPoint, HeldOutRow } from './shape.js';

export interface CalibrateOptions extends Measured {
  prompts: QuestionSet;
  /** On which the curve is tried. Null: it is not. */
  heldOut: QuestionSet | null;
  /** Coefficients to begin with, ascending. */
  grid: readonly number[];
  /** Edit ratios that are tried on held-out prompts. */
  targets: readonly number[];
  /** Units of work of the grid, of each pass over what is steep, and of the held-out prompts. */
  onProgress?: (phase: CalibratePhase, done: number, total: number) => void;
}

export type CalibratePhase = 'curve' | 'steep' | 'heldOut';

/** Neighbouring points further apart than this have one put between them … */
const steep = 0.08;
/** … unless they are as near as this, in coefficients; and no more often than so. */
const nearest = 0.03;
const passes = 3;
/** Fewer prompts say too little. */
const fewestPrompts = 32;

/** @throws where no prompt gives a value. */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { corrector, upstream, knob, prompts, heldOut } = options;
  const grid = await pointsAt(options.grid, prompts, during('curve', options));
  let points = fitCurve(risingPart(grid));
  for (let pass = 0; pass < passes; pass++) {
    const more = between(points);
    if (more.length === 0) break;
    const added = await pointsAt(more, prompts, during('steep', options));
    const all = [...points, ...added].sort((a, b) => a.coefficient - b.coefficient);
    points = fitCurve(risingPart(all));
  }
  const fitted = points.map((point) => point.fitted);
  const reach: [number, number] = [Math.min(...fitted), Math.max(...fitted)];
  const tried = heldOut && (await tryHeldOut(heldOut, { ...options, points }));
  return {
    format: 'aligner-lab.calibration.v1',
    model: { name: corrector.name, sha256: corrector.identity.sha256 },
    upstream: { name: upstream.name, sha256: upstream.identity.sha256 },
    direction: { sha256: directionHash(knob) },
    ...{ layers: [...knob.layers], unitValue: [...knob.unitValue], positions: knob.positions },
    ...{ metric: 'editRatio', prompts: sizeOf(prompts), points, reach },
    heldOut: tried && heldOut && { prompts: sizeOf(heldOut), rows: tried },
    warnings: [...turnsOf(grid, points), ...warningsOf(points, prompts)],
  };
}

function during(phase: CalibratePhase, options: CalibrateOptions): Parameters<typeof pointsAt>[2] {
  return { ...options, onProgress: (done, total) => options.onProgress?.(phase, done, total) };
}

function sizeOf({ name, questions }: QuestionSet): Calibration['prompts'] {
  return { name, n: questions.length };
}

/** Middles of what is steep. */
function between(points: readonly CalibrationPoint[]): number[] {
  return points.slice(1).flatMap((to, i) => {
    const from = points[i];
    if (!from || to.fitted - from.fitted <= steep) return [];
    if (to.coefficient - from.coefficient <= nearest) return [];
    return [(from.coefficient + to.coefficient) / 2];
  });
}

async function tryHeldOut(
  heldOut: QuestionSet,
  options: CalibrateOptions & { points: readonly CalibrationPoint[] },
): Promise<HeldOutRow[]> {
  const curve = { points: [...options.points] };
  const asked = options.targets.map((target) => ({ target, at: coefficientFor(curve, target) }));
  const reached = [...new Set(asked.flatMap(({ at }) => at ?? []))].sort((a, b) => a - b);
  const found = reached.length === 0 ? [] : await pointsAt(reached, heldOut, during('heldOut', options)); // prettier-ignore
  return asked.map(({ target, at }) => {
    const point = found.find(({ coefficient }) => coefficient === at);
    if (at === null || !point) {
      const nothing = { interval: null, achieved: null, achievedCi: null, n: 0, within: null };
      return { asked: target, coefficient: null, ...nothing };
    }
    const interval = expectedInterval(curve, at, point.n);
    return {
      ...{ asked: target, coefficient: at, interval, achieved: point.mean, n: point.n },
      achievedCi: meanInterval(point),
      within: interval && point.mean >= interval[0] && point.mean <= interval[1],
    };
  });
}

/** Strengths past which the curve turned back: texts are garbled there, and no longer copied or mended. */
function turnsOf(
  grid: readonly Omit<CalibrationPoint, 'fitted'>[],
  points: readonly CalibrationPoint[],
): string[] {
  const [low = NaN, high = NaN] = [points[0]?.coefficient, points.at(-1)?.coefficient];
  const out = grid.filter(({ coefficient }) => coefficient < low || coefficient > high);
  if (out.length === 0) return [];
  const shown = out.map(({ coefficient, mean: found }) => `${coefficient} (${found.toFixed(2)})`);
  return [`outside of ${low} … ${high} the curve turns back, at ${shown.join(', ')}; these strengths are left out`]; // prettier-ignore
}

function warningsOf(points: readonly CalibrationPoint[], { questions }: QuestionSet): string[] {
  const warnings: string[] = [];
  if (questions.length < fewestPrompts) {
    warnings.push(
      `only ${questions.length} prompt${questions.length === 1 ? '' : 's'}: the intervals are wide`,
    );
  }
  const falls = points.filter(({ mean, fitted }) => Math.abs(mean - fitted) > steep / 2);
  if (falls.length > 0) {
    warnings.push(
      `the curve is not monotone: at ${falls.map(({ coefficient }) => coefficient).join(', ')} the measured mean is more than ${steep / 2} off the fitted one`,
    );
  }
  const gaps = points.slice(1).filter((to, i) => to.fitted - (points[i]?.fitted ?? 0) > 2 * steep);
  for (const to of gaps) {
    warnings.push(`the curve jumps to ${to.fitted.toFixed(2)} at ${to.coefficient}; edit ratios below that may be missed`); // prettier-ignore
  }
  return warnings;
}
