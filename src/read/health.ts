/**
 * The health of a direction: does it tell `correct` from `copy` on problems it has not seen, better
 * than length and wording do, and alike for every kind of input?
 */
import type { Interval } from '../math/interval.js';
import { cosine, dot } from '../math/linear.js';
import { separate, type ScoredHalves, type Separation } from './accuracy.js';
import { baselines, type Baselines } from './baselines.js';
import {
  absentLayers,
  directionAt,
  makeDirections,
  type DirectionMethod,
  type Directions,
} from './directions.js';
import { methods, type Method } from './methods.js';
import type { Pairing } from './pairs.js';
import { selectStates, stateAt, type States } from './states.js';
import { lengthOf, type Half, type Stimulus } from './stimuli.js';

export interface LayerHealth extends Separation {
  layer: number;
  explainedVariance: number;
  /**
   * Cosine with each method's direction from the same training stimuli; 1 with its own. 0 where an
   * imported file has no direction for the layer.
   */
  cosines: Record<Method, number>;
}

/** Held-out accuracy of one method's directions from the same training stimuli. */
export interface MethodAccuracy {
  method: Method;
  /** Held-out stimuli. */
  n: number;
  perLayer: { layer: number; heldOutAccuracy: number; ci: Interval | null }[];
}

export interface Health {
  method: DirectionMethod;
  perLayer: LayerHealth[];
  /** Every method, for comparison. */
  methods: MethodAccuracy[];
  /** Of highest held-out accuracy (then AUC, then depth): chosen after the fact, for showing. */
  bestLayer: number;
  baselines: Baselines;
  warnings: string[];
}

export interface HealthOptions {
  directions: Directions;
  stimuli: readonly Stimulus[];
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: States;
  tokenize: (text: string) => readonly number[];
  seed: number | string;
  pairing?: Pairing;
}

/** The stimuli of one half with their hidden states. */
export function takeHalf(
  stimuli: readonly Stimulus[],
  states: States,
  half: Half,
): { stimuli: Stimulus[]; states: States } {
  const indices = stimuli.flatMap((s, i) => (s.half === half ? [i] : []));
  return {
    stimuli: stimuli.filter((s) => s.half === half),
    states: selectStates(states, indices),
  };
}

/** Directions of every method from the training half. */
export function allDirections(
  options: Omit<HealthOptions, 'directions' | 'tokenize'>,
): Record<Method, Directions> {
  const { stimuli, states } = takeHalf(options.stimuli, options.states, 'train');
  const training = {
    states,
    labels: stimuli.map((s) => s.label),
    lengths: stimuli.map(lengthOf),
  };
  const { seed, pairing } = options;
  const make = (method: Method): Directions =>
    makeDirections({ training, method, seed, ...(pairing && { pairing }) });
  const names = Object.keys(methods) as Method[];
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Method, Directions>;
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
    ...baselineWarnings(best, base),
    ...kindWarnings(best),
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

function bestOf(perLayer: readonly LayerHealth[]): LayerHealth | undefined {
  const better = (a: LayerHealth, b: LayerHealth): boolean =>
    b.heldOutAccuracy > a.heldOutAccuracy ||
    (b.heldOutAccuracy === a.heldOutAccuracy && (b.auc ?? 0) > (a.auc ?? 0));
  const [first, ...rest] = perLayer;
  return first && rest.reduce((best, layer) => (better(best, layer) ? layer : best), first);
}

/**
 * Layers where the mean difference reads the label, while this direction points elsewhere. If the
 * uncentred component agrees with the mean difference and not with this direction, centring is to
 * blame; else something varies more than the label does.
 */
function componentWarnings(
  method: DirectionMethod,
  perLayer: readonly LayerHealth[],
  compared: { rivals: Record<Method, Directions>; methods: readonly MethodAccuracy[] },
): string[] {
  const { rivals, methods } = compared;
  const byMean = methods.find((of) => of.method === 'mean-difference')?.perLayer ?? [];
  const accuracyOf = (layer: number): number => byMean[layer]?.heldOutAccuracy ?? 0;
  const uncentered = (layer: number): number => {
    const [a, b] = [rivals['mean-difference'], rivals['pca-uncentered']];
    return Math.abs(cosine(directionAt(a, layer), directionAt(b, layer)));
  };
  const lost = perLayer.filter(
    ({ layer, heldOutAccuracy, cosines }) =>
      accuracyOf(layer) >= 0.7 &&
      Math.abs(cosines['mean-difference']) < 0.5 &&
      heldOutAccuracy < accuracyOf(layer) - 0.1,
  );
  const centred = lost.filter(
    ({ layer, cosines }) => uncentered(layer) >= 0.5 && Math.abs(cosines['pca-uncentered']) < 0.7,
  );
  const other = lost.filter((l) => !centred.includes(l));
  const at = (layers: readonly LayerHealth[]): string => layers.map((l) => l.layer).join(', ');
  return [
    ...(centred.length > 0
      ? [
          `${method}: centring has removed the concept at layer ${at(centred)}: the mean difference reads the label there, this direction does not; shuffle the pairs, or use pca-uncentered, pca-pairwise or mean-difference`,
        ]
      : []),
    ...(other.length > 0
      ? [
          `${method}: the main component is not the label at layer ${at(other)}: the mean difference reads the label there, but something else varies more; use mean-difference or probe, or balance the stimuli`,
        ]
      : []),
  ];
}

function baselineWarnings(best: LayerHealth | undefined, base: Baselines): string[] {
  if (!best) return [];
  return (['length', 'embeddings'] as const)
    .filter((name) => base[name].heldOutAccuracy >= best.heldOutAccuracy - 0.05)
    .map(
      (name) =>
        `baseline ${name}: reads the label as well as the best layer (${percent(base[name].heldOutAccuracy)} against ${percent(best.heldOutAccuracy)}); the direction may hold no more than that`,
    );
}

function kindWarnings(best: LayerHealth | undefined): string[] {
  return Object.entries(best?.withinKind ?? {})
    .filter(([, { n, accuracy }]) => n >= 10 && accuracy < 0.5)
    .map(
      ([kind, { n, accuracy }]) =>
        `kind ${kind}: read worse than by chance at the best layer (${percent(accuracy)} of ${n})`,
    );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
