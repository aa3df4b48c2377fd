/** What a reader must know before trusting a direction. */
import { cosine } from '../math/linear.js';
import type { Baselines } from './baselines.js';
import { directionAt, type Directions } from './directions.js';
import type { LayerHealth, MethodAccuracy } from './healthTypes.js';
import type { Method } from './methods/names.js';

/**
 * Layers where the mean difference reads the label, while this direction points elsewhere. If the
 * uncentred component agrees with the mean difference and not with this direction, centring is to
 * blame; else something varies more than the label does.
 */
export function componentWarnings(
  method: string,
  perLayer: readonly LayerHealth[],
  compared: { rivals: Record<Method, Directions>; methods: readonly MethodAccuracy[] },
): string[] {
  const { rivals, methods } = compared;
  const byMean = methods.find((one) => one.method === 'mean-difference')?.perLayer ?? [];
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

/** Fewer held-out stimuli than this say little, whatever their interval. */
const fewest = 16;

/** What the warnings about the best layer look at. */
export type BestLayer = Pick<
  LayerHealth,
  'layer' | 'heldOutAccuracy' | 'ci' | 'auc' | 'withinKind'
>;

type Told = Record<keyof Baselines, { heldOutAccuracy: number }>;

/** What must be known of the layer that tells best. @param among the layers that were looked at */
export function bestLayerWarnings(
  best: BestLayer | undefined,
  known: { heldOut: number; baselines: Told; among?: string },
): string[] {
  if (!best) return [];
  return [...chanceWarnings(best, known), ...baselineWarnings(best, known), ...kindWarnings(best)];
}

/** A best layer that chance explains, or that few stimuli were read at. */
function chanceWarnings(
  best: BestLayer,
  { heldOut, among = 'no layer' }: { heldOut: number; among?: string },
): string[] {
  const { layer, heldOutAccuracy, ci, auc } = best;
  const within = ci ? ` [${ci.map((end) => (100 * end).toFixed(1)).join(', ')}]` : '';
  const chance = !ci || ci[0] <= 0.5 || auc === null || auc <= 0.5;
  return [
    ...(chance
      ? [
          `chance: ${among} tells the labels apart on held-out stimuli (at best ${percent(heldOutAccuracy)}${within} of ${heldOut}, AUC ${auc?.toFixed(2) ?? 'unknown'}, at layer ${layer}); the direction may be noise, give more stimuli or others`,
        ]
      : []),
    ...(heldOut < fewest
      ? [`few stimuli: ${heldOut} are held out, their intervals mean little (expected ${fewest})`]
      : []),
  ];
}

function baselineWarnings(
  best: BestLayer,
  { baselines: base, heldOut }: { baselines: Told; heldOut: number },
): string[] {
  return (['length', 'embeddings'] as const)
    .filter((name) => base[name].heldOutAccuracy >= best.heldOutAccuracy - 0.05)
    .map(
      (name) =>
        `baseline ${name}: reads the label as well as the best layer (${percent(base[name].heldOutAccuracy)} against ${percent(best.heldOutAccuracy)} of ${heldOut}); the direction may hold no more than that`,
    );
}

function kindWarnings({ withinKind }: BestLayer): string[] {
  return Object.entries(withinKind)
    .filter(([, { n, accuracy }]) => n >= 10 && accuracy < 0.5)
    .map(
      ([kind, { n, accuracy }]) =>
        `kind ${kind}: read worse than by chance at the best layer (${percent(accuracy)} of ${n})`,
    );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
