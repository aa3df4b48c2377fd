/** Intervals as bars and bands. */
import type { Interval } from '../math/interval.js';
import { translucent } from './figure.js';

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

/** A line across the panel at one value, named in the legend, where no curve can cross its name. */
export function levelTrace(options: {
  name: string;
  level: number;
  /** From where to where it goes. */
  ends: readonly [number, number];
  dash: string;
  colour: string;
  width?: number;
}): Record<string, unknown> {
  const { name, level, ends, dash, colour, width = 1.5 } = options;
  return {
    type: 'scatter',
    mode: 'lines',
    name,
    x: [...ends],
    y: [level, level],
    line: { color: colour, dash, width },
    hoverinfo: 'name',
  };
}
