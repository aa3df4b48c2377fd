/**
 * Calibration: which coefficient gives which edit ratio, on prompts of one's own. The steering curve is
 * measured as a sweep measures it, in the loop, with more points where it is steep; it is made
 * monotone, read backwards, and tried on prompts that it was not made of.
 */
import type { Corrector } from '../../align/corrector.js';
import type { Upstream } from '../../align/upstream.js';
import type { QuestionSet } from '../../data/types.js';
import type { Scorer } from '../../judge/scorer.js';
import { mean, standardDeviation } from '../../math/summary.js';
import { yesNo } from '../../judge/scorer.js';
import type { SteeringKnob } from '../shared/steeringKnob.js';
import { createMeasure, type Measure } from '../sweep/measure.js';
import type { SweepProblem } from '../sweep/problems.js';
import { coefficientFor, expectedInterval, fitCurve, meanInterval, risingPart } from './curve.js';
import { directionHash } from './file.js';
import { servedLimits } from './limits.js';
import type { Calibration, CalibrationPoint, HeldOutRow } from './shape.js';

export interface CalibrateOptions {
  corrector: Corrector;
  upstream: Upstream;
  knob: SteeringKnob;
  prompts: QuestionSet;
  /** On which the curve is tried. Null: it is not. */
  heldOut: QuestionSet | null;
  /** Coefficients to begin with, ascending. */
  grid: readonly number[];
  /** Edit ratios that are tried on held-out prompts. */
  targets: readonly number[];
  onProgress?: (phase: 'curve' | 'heldOut', done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Neighbouring points further apart than this have one put between them … */
const steep = 0.08;
/** … unless they are as near as this, in coefficients; and no more often than so. */
const nearest = 0.03;
const passes = 3;
/** Prompts computed as one piece of work. */
const piece = 16;
/** Fewer prompts say too little. */
const fewestPrompts = 32;

/** @throws where no prompt gives a value. */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { corrector, upstream, knob, prompts, heldOut } = options;
  const measure = measureOf(options);
  const grid = await pointsAt(options.grid, prompts, { ...options, measure, phase: 'curve' });
  let points = fitCurve(risingPart(grid));
  for (let pass = 0; pass < passes; pass++) {
    const more = between(points);
    if (more.length === 0) break;
    const added = await pointsAt(more, prompts, { ...options, measure, phase: 'curve' });
    const all = [...points, ...added].sort((a, b) => a.coefficient - b.coefficient);
    points = fitCurve(risingPart(all));
  }
  const fitted = points.map((point) => point.fitted);
  const reach: [number, number] = [Math.min(...fitted), Math.max(...fitted)];
  const tried = heldOut && (await tryHeldOut(heldOut, { ...options, points, measure }));
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

function sizeOf({ name, questions }: QuestionSet): Calibration['prompts'] {
  return { name, n: questions.length };
}

/** Nobody asks whether the answers are right. */
const unjudged: Scorer = {
  name: 'none',
  identity: 'none',
  unit: yesNo,
  better: 'higher',
  score: (items) => Promise.resolve(items.map(() => null)),
};

function measureOf({ corrector, upstream, knob, signal }: CalibrateOptions): Measure {
  return createMeasure({
    ...{ mode: 'loop', corrector, upstream, scorer: unjudged, limits: servedLimits },
    ...{ layers: knob.directions.layers, positions: knob.positions },
    ...(signal && { signal }),
  });
}

/** The means at some coefficients, in their order. */
async function pointsAt(
  coefficients: readonly number[],
  prompts: QuestionSet,
  how: Pick<CalibrateOptions, 'knob' | 'onProgress'> & {
    measure: Measure;
    phase: 'curve' | 'heldOut';
  },
): Promise<Omit<CalibrationPoint, 'fitted'>[]> {
  const { knob, measure, onProgress, phase } = how;
  const problems = prompts.questions.map(({ id, question }): SweepProblem => ({ id, question, inputs: [] })); // prettier-ignore
  const values = coefficients.map((): { edit: number; copies: number }[] => []);
  for (let start = 0; start < problems.length; start += piece) {
    const some = problems.slice(start, start + piece);
    const direction = knob.directions.vectors;
    const outcomes = await measure({ problems: some, coefficients, direction, unit: knob });
    for (const row of outcomes) {
      row.forEach(({ editRatio, copyRate }, c) => {
        if (editRatio !== null) values[c]?.push({ edit: editRatio, copies: copyRate ?? 0 });
      });
    }
    onProgress?.(phase, Math.min(start + piece, problems.length), problems.length);
  }
  return coefficients.map((coefficient, c) => {
    const edits = values[c]?.map(({ edit }) => edit) ?? [];
    if (edits.length === 0) {
      throw new Error(`calibrate: no answer to ${prompts.name} has a sentence at coefficient ${coefficient}; give other prompts`); // prettier-ignore
    }
    return {
      ...{ coefficient, n: edits.length, mean: mean(edits), sd: deviation(edits) },
      copyRate: mean(values[c]?.map(({ copies }) => copies) ?? []),
    };
  });
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
  options: CalibrateOptions & { points: readonly CalibrationPoint[]; measure: Measure },
): Promise<HeldOutRow[]> {
  const curve = { points: [...options.points] };
  const asked = options.targets.map((target) => ({ target, at: coefficientFor(curve, target) }));
  const reached = [...new Set(asked.flatMap(({ at }) => at ?? []))].sort((a, b) => a - b);
  const found = reached.length === 0 ? [] : await pointsAt(reached, heldOut, { ...options, phase: 'heldOut' }); // prettier-ignore
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
    warnings.push(`only ${questions.length} prompts: the intervals are wide`);
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

/** Of a sample. */
function deviation(values: readonly number[]): number {
  const n = values.length;
  return n < 2 ? 0 : standardDeviation(values) * Math.sqrt(n / (n - 1));
}
