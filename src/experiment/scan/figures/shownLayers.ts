/** The layers that are shown: a summary holds all of them, a reader may want a few. */
import type { ScanCase } from '../shape.js';

/** Part of what every figure of a scan is given. */
export interface Shown {
  /** From 0, in ascending order. Default: all. */
  shownLayers?: readonly number[];
}

/** Those of `count` layers. */
export function layersShown(count: number, { shownLayers }: Shown): number[] {
  return shownLayers ? [...shownLayers] : Array.from({ length: count }, (_, layer) => layer);
}

/** Values that name their layer. */
export function ofShown<T extends { layer: number }>(
  perLayer: readonly T[],
  { shownLayers }: Shown,
): T[] {
  return perLayer.filter(({ layer }) => shownLayers?.includes(layer) ?? true);
}

/** A case with the readings of the layers that are shown: row i is of the i-th of them. */
export function casesShown(cases: readonly ScanCase[], { shownLayers }: Shown): ScanCase[] {
  if (!shownLayers) return [...cases];
  return cases.map((one) => ({
    ...one,
    readings: shownLayers.flatMap((layer) => {
      const row = one.readings[layer];
      return row ? [row] : [];
    }),
    ...(one.boundary && { boundary: shownLayers.map((layer) => one.boundary?.[layer] ?? 0) }),
  }));
}
