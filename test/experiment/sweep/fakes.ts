/**
 * A corrector with a planted response: the share of y1 that it rewrites grows in a straight line
 * with what is added along the truth at layers 1 and 2; it runs on without end where too much is
 * added to one layer.
 */
import type { Corrector, CorrectionInput } from '../../../src/align/corrector.js';
import { dot } from '../../../src/math/linear.js';
import type { PositionRule } from '../../../src/runtime/steering.js';
import { createRandom } from '../../../src/math/random.js';
import type { Directions, LabelledStates } from '../../../src/read/directions.js';
import type { Label } from '../../../src/read/stimuli.js';
import type { SweepProblem } from '../../../src/experiment/sweep/problems.js';
import type { SweepOptions } from '../../../src/experiment/sweep/options.js';
import { named } from '../../align/fakes.js';

export const layers = 4;
export const width = 16;
/** Mean residual norm of every layer. */
export const meanNorm = 2;
/** Share of y1 rewritten per added unit of norm, on average over problems. */
export const response = 0.1;
/** Norm at one layer above which the output runs on. */
const breaks = 2.6;

export function unitDirections(seed: string): Directions {
  const random = createRandom(seed);
  const vectors = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    vectors.set(random.unitVector(width), layer * width);
  }
  return { method: 'pca', layers, width, vectors, explainedVariance: [] };
}

const truth = unitDirections('truth');

/** What is added along the truth at the layers that listen. */
function push(input: CorrectionInput, direction: Float32Array): number {
  return [1, 2].reduce((sum, layer) => {
    const at = layer * width;
    const along = dot(direction.subarray(at, at + width), truth.vectors.subarray(at, at + width));
    return sum + (input.coefficient?.[layer] ?? 0) * along;
  }, 0);
}

/** Replaces the first part of y1 by x. */
function rewrite(text: string, share: number): string {
  const count = Math.round(Math.max(0, Math.min(1, share)) * text.length);
  return 'x'.repeat(count) + text.slice(count);
}

export interface PlantedCorrector extends Corrector {
  calls: number;
  /** Every position rule it was asked to steer by. */
  positions: Set<PositionRule | undefined>;
}

/**
 * @param options.garbled norm beyond which y1 is rewritten the more, on either side
 * @param options.endless share of questions at which it runs on without any push
 */
export function plantedCorrector(
  options: { sign?: 1 | -1; garbled?: number; endless?: number } = {},
): PlantedCorrector {
  const { sign = 1, garbled = Infinity, endless = 0 } = options;
  return {
    ...named('planted'),
    readable: true,
    calls: 0,
    positions: new Set(),
    correct(inputs, request = {}) {
      this.calls++;
      this.positions.add(request.steering?.positions);
      request.signal?.throwIfAborted();
      const direction = request.steering?.direction ?? new Float32Array(layers * width);
      return Promise.resolve(
        inputs.map((input) => {
          const own = createRandom(input.question);
          const slope = response * (0.8 + 0.4 * own.next());
          const base = 0.45 + 0.1 * own.next();
          const pushed = push(input, direction);
          const effect = Math.abs(pushed) > garbled ? Math.abs(pushed) : sign * pushed;
          const share = base + slope * effect;
          const text = input.last === '' ? '' : rewrite(input.last, share);
          const broken = [...(input.coefficient ?? [])].some((c) => Math.abs(c) > breaks);
          const runsOn = broken || own.next() < endless;
          return { text, tokens: 1, finish: runsOn ? 'length' : 'stop', readings: null };
        }),
      );
    },
  };
}

/** 40 letters without white space. */
export function sentence(seed: string): string {
  const random = createRandom(seed);
  const letters = 'abcdefghijklmnopqrstuvw';
  return Array.from({ length: 40 }, () => letters[random.integer(letters.length)] ?? 'a').join('');
}

export function problems(count: number, name: string): SweepProblem[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}-${i}`,
    question: `${name} ${i}?`,
    inputs: [0, 1].slice(0, 1 + (i % 2)).map((round) => ({
      prefix: '',
      last: sentence(`${name} ${i} ${round}`),
    })),
  }));
}

/** States whose labels differ along the truth, for the permuted-label controls. */
function labelledStates(): LabelledStates {
  const random = createRandom('states');
  const count = 40;
  const labels = Array.from({ length: count }, (_, i): Label => (i % 2 ? 'copy' : 'correct'));
  const values = new Float32Array(count * layers * width);
  for (let i = 0; i < values.length; i++) {
    const stimulus = Math.floor(i / (layers * width));
    const sign = labels[stimulus] === 'correct' ? 1 : -1;
    values[i] = random.normal() + sign * (truth.vectors[i % (layers * width)] ?? 0);
  }
  return { states: { count, layers, width, values }, labels };
}

/** A small fixed sweep of the planted corrector. */
export function sweepOptions(changes: Partial<SweepOptions> = {}): SweepOptions {
  return {
    mode: 'fixed',
    model: 'planted',
    corrector: plantedCorrector(),
    layers,
    directions: truth,
    meanNorms: new Array<number>(layers).fill(meanNorm),
    accuracy: [0.5, 0.9, 0.95, 0.6],
    training: labelledStates(),
    problems: problems(12, 'test'),
    validation: problems(10, 'validation'),
    seed: 1,
    controls: { random: 6, shuffled: 2, problems: 6 },
    ...changes,
  };
}
