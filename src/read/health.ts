/**
 * The health of a direction: does it tell `correct` from `copy` on problems it has not seen, better
 * than length and wording do, and alike for every kind of input?
 */
import { cosine, dot } from '../math/linear.js';
import { separate, type ScoredHalves, type Separation } from './accuracy.js';
import { baselines } from './baselines.js';
import {
  absentLayers,
  directionAt,
  makeDirections,
  takeHalf,
  trainingStates,
  type Directions,
} from './directions.js';
import type { Health, LayerHealth, MethodAccuracy } from './healthTypes.js';
import { bestLayerWarnings, componentWarnings } from './healthWarnings.js';
import { methodNames, type Method } from './methods/names.js';
import type { Pairing } from './pairs.js';
import { stateAt, type States } from './states.js';
import type { Stimulus } from './stimuli.js';

export interface HealthOptions {
  directions: Directions;
  stimuli: readonly Stimulus[];
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: States;
  tokenize: (text: string) => readonly number[];
  seed: number | string;
  pairing?: Pairing;
}

/** Directions of every method from the training half. */
function allDirections(
  options: Omit<HealthOptions, 'directions' | 'tokenize'>,
): Record<Method, Directions> {
  const { stimuli, states, seed, pairing } = options;
  const training = trainingStates(stimuli, states);
  const make = (method: Method): Directions => makeDirections({ training, method, seed, pairing });
  const made = methodNames.map((name) => [name, make(name)]);
  return Object.fromEntries(made) as Record<Method, Directions>;
}

/** Judges a direction. @throws where states and stimuli do not fit, or a half lacks a label. */
export function assessHealth(options: HealthOptions): Health {
  const { directions, seed } = options;
  const training = takeHalf(options.stimuli, options.states, 'train');
  const heldOut = takeHalf(options.stimuli, options.states, 'heldOut');
  const rivals = allDirections(options);
  const perLayer = Array.from({ length: directions.layers }, (_, layer): LayerHealth => {
    const unit = directionAt(directions, layer);
    return {
      layer,
      ...judgeLayer(unit, { training, heldOut, layer, seed }),
      explainedVariance: directions.explainedVariance[layer] ?? 0,
      cosines: cosinesWith(unit, rivals, layer),
    };
  });
  const base = baselines({
    training: training.stimuli,
    heldOut: heldOut.stimuli,
    tokenize: options.tokenize,
    seed,
  });
  const absent = absentLayers(directions);
  const present = perLayer.filter(({ layer }) => !absent.includes(layer));
  const best = bestOf(present);
  const methods = compareMethods(rivals, { training, heldOut, seed });
  const warnings = [
    ...componentWarnings(directions.method, present, { rivals, methods }),
    ...bestLayerWarnings(best, { heldOut: heldOut.stimuli.length, baselines: base }),
  ];
  return {
    method: directions.method,
    perLayer,
    bestLayer: best?.layer ?? 0,
    methods,
    baselines: base,
    warnings,
  };
}

interface Judged {
  training: { stimuli: Stimulus[]; states: States };
  heldOut: { stimuli: Stimulus[]; states: States };
  layer: number;
  seed: number | string;
}

function compareMethods(
  rivals: Record<Method, Directions>,
  given: Omit<Judged, 'layer'>,
): MethodAccuracy[] {
  return (Object.keys(rivals) as Method[]).map((method) => {
    const perLayer = Array.from({ length: rivals[method].layers }, (_, layer) => {
      const judged = judgeLayer(directionAt(rivals[method], layer), { ...given, layer });
      return { layer, heldOutAccuracy: judged.heldOutAccuracy, ci: judged.ci };
    });
    return { method, n: given.heldOut.stimuli.length, perLayer };
  });
}

function judgeLayer(unit: Float32Array, given: Judged): Separation {
  return separate(layerScores(unit, given), { seed: given.seed });
}

/** Projections of either half's states at a layer on a direction. */
export function layerScores(
  unit: Float32Array,
  { training, heldOut, layer }: Omit<Judged, 'seed'>,
): ScoredHalves {
  const score = ({ stimuli, states }: Judged['training']): ScoredHalves['training'] => ({
    scores: stimuli.map((_, i) => dot(stateAt(states, i, layer), unit)),
    stimuli,
  });
  return { training: score(training), heldOut: score(heldOut) };
}

function cosinesWith(
  unit: Float32Array,
  rivals: Record<Method, Directions>,
  layer: number,
): Record<Method, number> {
  const absent = unit.every((x) => x === 0);
  const entries = Object.entries(rivals).map(([name, d]) => [
    name,
    absent ? 0 : cosine(unit, directionAt(d, layer)),
  ]);
  return Object.fromEntries(entries) as Record<Method, number>;
}

/** Of highest held-out accuracy, then AUC, then the first. */
export function bestOf<T extends Pick<LayerHealth, 'heldOutAccuracy' | 'auc'>>(
  perLayer: readonly T[],
): T | undefined {
  const better = (a: T, b: T): boolean =>
    b.heldOutAccuracy > a.heldOutAccuracy ||
    (b.heldOutAccuracy === a.heldOutAccuracy && (b.auc ?? 0) > (a.auc ?? 0));
  const [first, ...rest] = perLayer;
  return first && rest.reduce((best, layer) => (better(best, layer) ? layer : best), first);
}
