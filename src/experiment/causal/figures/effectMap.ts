/** What steering does by layer and coefficient: change of the metric against the unsteered model. */
import type { SteeringEffects } from '../shape.js';
import { fixed } from '../../../plot/figure.js';
import type { Room } from '../../../plot/layout/panels.js';
import type { Figure } from '../../../plot/figure.js';
import { layerMapFigure } from './layerMap.js';
import { editMetricLabel, editMetricTitle } from '../../../text/editMetricTable.js';

/** What is drawn of it; intervals may be missing. */
export type LayerEffects = Omit<SteeringEffects, 'unitValue' | 'degenerate' | 'ci'> &
  Partial<Pick<SteeringEffects, 'ci'>>;

/**
 * Heat map of effect = metric − baseline; red: more is changed, blue: less. Its cells are as wide as
 * the steps between the coefficients.
 */
export function effectMapFigure(options: LayerEffects & { room?: Room }): Figure {
  const { layers, coefficients, effect, ci = [], metric, room } = options;
  const label = editMetricLabel(metric);
  return layerMapFigure({
    layers,
    x: coefficients,
    z: effect,
    text: layers.map((layer, i) =>
      coefficients.map((_, c) => `layer ${layer}${bracket(ci[i]?.[c] ?? null)}`),
    ),
    hovertemplate: 'coefficient %{x}, %{text}<br>effect %{z:.3f}<extra></extra>',
    xAxis: {
      title: 'coefficient',
      range: cellEnds(coefficients),
      // A mark under every column, while there is room for the numbers.
      names: { at: coefficients, text: coefficients.map(fixed) },
    },
    yTitle: ['steered layer (0 = first block)', 'steered layer', 'layer'],
    scale: { title: [`${label} − unsteered`, 'effect'], limit: effectLimit(options) },
    ...(room && { room }),
  });
}

/** Outer ends of the first and the last cell, which reach half way to their neighbours. */
function cellEnds(places: readonly number[]): [number, number] {
  const half = (a: number, b: number): number => ((places.at(a) ?? 0) - (places.at(b) ?? 0)) / 2;
  if (places.length < 2) return [(places[0] ?? 0) - 0.5, (places[0] ?? 0) + 0.5];
  return [(places[0] ?? 0) - half(1, 0), (places.at(-1) ?? 0) + half(-1, -2)];
}

/** Caption of {@link effectMapFigure}: what effect is, its baseline, n, and cells beyond doubt. */
export function effectMapCaption(options: LayerEffects): string {
  const { metric, baseline, n, effect, ci } = options;
  const cells = effect.flat().filter((value) => value !== null).length;
  const apart = (ci ?? []).flat().filter((at) => at !== null && (at[0] > 0 || at[1] < 0)).length;
  return [
    `Effect = ${editMetricTitle(metric)} minus that of the unsteered model (${fixed(baseline)}),`,
    `one layer steered at a time, n = ${n} problems per cell.`,
    `Coefficient 1 is ${options.unit}. Colours span ±${fixed(effectLimit(options))}.`,
    ci === undefined
      ? 'No intervals were computed.'
      : `In ${apart} of ${cells} cells the 95 % interval leaves 0 out.`,
  ].join(' ');
}

function effectLimit({ effect }: LayerEffects): number {
  const largest = Math.max(0, ...effect.flat().map((value) => Math.abs(value ?? 0)));
  return largest > 0 ? largest : 1;
}

function bracket(ci: readonly [number, number] | null): string {
  return ci === null ? '' : `<br>95 % [${fixed(ci[0])}, ${fixed(ci[1])}]`;
}
