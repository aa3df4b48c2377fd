/** Axes, legends and bars that several figures share. */
import type { Interval } from '../math/interval.js';
import { translucent } from './figure.js';

/** An axis that names every layer, or every fourth of many. */
export const layerAxis = (layers: number): Record<string, unknown> => ({
  title: { text: 'layer (0 = first block)' },
  tickmode: 'linear',
  dtick: layers > 20 ? 4 : 1,
  range: [-0.4, layers - 0.6],
  zeroline: false,
});

/** A logarithmic axis of milliseconds with whole numbers at 1, 2, 5, 10, … (plotly's own drop the zeros). */
export const timeAxis = {
  type: 'log',
  tickmode: 'array',
  tickvals: [0.1, 1, 10, 100, 1000, 10_000, 100_000].flatMap((at) => [at, 2 * at, 5 * at]),
} as const;

/** A legend above the plot, clear of the data at any width. */
export const legendAbove = { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' };

/** Asymmetric bars; nothing where there is no interval. */
export function errorBars(
  points: readonly { value: number; ci: Interval | null }[],
): Record<string, unknown> {
  return {
    type: 'data',
    symmetric: false,
    array: points.map(({ value, ci }) => (ci === null ? 0 : ci[1] - value)),
    arrayminus: points.map(({ value, ci }) => (ci === null ? 0 : value - ci[0])),
    thickness: 1.5,
    width: 4,
  };
}

/** The area between the ends of intervals, hidden and shown with the curve of its group. */
export function bandTrace(options: {
  x: readonly number[];
  ci: readonly Interval[];
  colour: string;
  opacity: number;
  group: string;
}): Record<string, unknown> {
  const { x, ci, colour, opacity, group } = options;
  return {
    type: 'scatter',
    mode: 'lines',
    x: [...x, ...[...x].reverse()],
    y: [...ci.map(([low]) => low), ...ci.map(([, high]) => high).reverse()],
    fill: 'toself',
    fillcolor: translucent(colour, opacity),
    line: { width: 0 },
    hoverinfo: 'skip',
    showlegend: false,
    legendgroup: group,
  };
}
