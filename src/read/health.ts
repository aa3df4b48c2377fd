/**
 * The health of a direction: does it tell `correct` from `copy` on problems it has not seen, better
 * than length and wording do, and alike for every kind of input?
 */
import { cosine, dot } from '../math/linear.js';
import { separate, type ScoredHalves, type Separation } from './accuracy.js';
import { baselines } from './baselines.js';
import {
  absentLayers,
  addDirections,
  contrastFrame,
  directionAt,
  emptyDirections,
  takeHalf,
  trainingStates,
  type Directions,
} from './directions.js';
import type { Health, LayerHealth, MethodAccuracy } from './healthTypes.js';
import { bestLayerWarnings, componentWarnings } from './healthWarnings.js';
import { methodNames, type Method } from './methods/names.js';
import { resolveMethod } from './methods/table.js';
import type { Pairing } from './pairs.js';
import { layerStates, type AnyStates } from './states.js';
import type { Stimulus } from './stimuli.js';

export interface HealthOptions {
  directions: Directions;
  stimuli: readonly Stimulus[];
  /** `[N, L, D]` at the boundary token, in the order of the stimuli. */
  states: AnyStates;
  tokenize: (text: string) => readonly number[];
  seed: number | string;
  pairing?: Pairing;
}

/** Judges a direction. @throws where states and stimuli do not fit, or a half lacks a label. */
export function assessHealth(options: HealthOptions): Health {
  const { directions, seed } = options;
  const training = takeHalf(options.stimuli, options.states, 'train');
  const heldOut = takeHalf(options.stimuli, options.states, 'heldOut');
  const { perLayer, rivals, methods } = judgeLayers(options, { training, heldOut });
  const base = baselines({
    training: training.stimuli,
    heldOut: heldOut.stimuli,
    tokenize: options.tokenize,
    seed,
  });
  const absent = absentLayers(directions);
  const present = perLayer.filter(({ layer }) => !absent.includes(layer));
  const best = bestOf(present);
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

interface HalfStates {
  stimuli: Stimulus[];
  states: AnyStates;
}

interface Halves {
  training: HalfStates;
  heldOut: HalfStates;
}

interface Compared {
  rivals: Record<Method, Directions>;
  methods: MethodAccuracy[];
}

/** The direction and those of every method, a layer at a time: its states are fetched once. */
function judgeLayers(
  options: HealthOptions,
  halves: Halves,
): Compared & { perLayer: LayerHealth[] } {
  const { directions, stimuli, states, seed, pairing } = options;
  const frame = contrastFrame({ training: trainingStates(stimuli, states), seed, pairing });
  const found = methodNames.map((name) => {
    const accuracy: MethodAccuracy = {
      method: name,
      n: halves.heldOut.stimuli.length,
      perLayer: [],
    };
    return { method: resolveMethod(name), directions: emptyDirections(name, states), accuracy };
  });
  const named = found.map(({ accuracy, directions: own }) => [accuracy.method, own]);
  const rivals = Object.fromEntries(named) as Record<Method, Directions>;
  const perLayer = Array.from({ length: directions.layers }, (_, layer): LayerHealth => {
    const rows = rowsOf(halves, layer);
    addDirections(found, { ...frame, states: rows.training.rows }, layer);
    const judge = (unit: Float32Array): Separation => separate(scoresOf(unit, rows), { seed });
    for (const { directions: rival, accuracy } of found) {
      const { heldOutAccuracy, ci } = judge(directionAt(rival, layer));
      accuracy.perLayer.push({ layer, heldOutAccuracy, ci });
    }
    const unit = directionAt(directions, layer);
    return {
      layer,
      ...judge(unit),
      explainedVariance: directions.explainedVariance[layer] ?? 0,
      cosines: cosinesWith(unit, rivals, layer),
    };
  });
  return { perLayer, rivals, methods: found.map(({ accuracy }) => accuracy) };
}

interface HalfRows {
  stimuli: Stimulus[];
  /** `[D]` each, at one layer. */
  rows: Float32Array[];
}

function rowsOf(
  { training, heldOut }: Halves,
  layer: number,
): { training: HalfRows; heldOut: HalfRows } {
  const take = ({ stimuli, states }: HalfStates): HalfRows => {
    return { stimuli, rows: layerStates(states, layer) };
  };
  return { training: take(training), heldOut: take(heldOut) };
}

function scoresOf(
  unit: Float32Array,
  { training, heldOut }: { training: HalfRows; heldOut: HalfRows },
): ScoredHalves {
  const score = ({ stimuli, rows }: HalfRows): ScoredHalves['training'] => {
    return { scores: rows.map((row) => dot(row, unit)), stimuli };
  };
  return { training: score(training), heldOut: score(heldOut) };
}

/** Projections of either half's states at a layer on a direction. */
export function layerScores(
  unit: Float32Array,
  { layer, ...halves }: Halves & { layer: number },
): ScoredHalves {
  return scoresOf(unit, rowsOf(halves, layer));
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
