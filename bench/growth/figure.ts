/** Time and memory over each size, on logarithmic scales, beside what is linear. */
import { colours, type Figure } from '../../src/plot/figure.js';
import type { Axis } from '../../src/plot/layout/axis.js';
import { panelLayout, type Room } from '../../src/plot/layout/panels.js';
import type { FigureSection } from '../../src/plot/page/page.js';
import type { Growth } from './fit.js';
import { axes, works, type Work } from './points.js';

const styles: Record<Work, string> = {
  states: colours.copy,
  extraction: colours.accuracy,
  writing: colours.correct,
};
const measures = [
  { title: 'processor time (ms)', of: ({ milliseconds }: Growth) => milliseconds },
  { title: 'memory (MB)', of: ({ bytes }: Growth) => bytes.map((count) => count / 1e6) },
];

export function growthSection(growths: readonly Growth[]): FigureSection {
  return {
    name: 'growth',
    heading: 'Growth',
    caption:
      'Processor time and peak memory over each size; dotted: twice as large, twice as much.',
    draw: (room) => growthFigure(growths, room),
  };
}

function growthFigure(growths: readonly Growth[], room: Room): Figure {
  const cells = measures.flatMap((measure) => axes.map((axis) => ({ measure, axis })));
  const rows = measures.map(({ title, of }, row) => ({
    panels: axes.map((axis, column) => {
      const own = growths.filter((growth) => growth.axis === axis);
      const y: Axis = { times: own.flatMap(of), ...(column === 0 && { title }) };
      const x: Axis = { title: axis, times: own.flatMap(({ sizes }) => sizes) };
      return { x, y };
    }),
    height: 190,
    ...(row === 0 && { legend: [...works, 'linear'] }),
  }));
  const { layout, panels } = panelLayout({ rows }, room);
  const data = cells.flatMap(({ measure, axis }, cell) => {
    const place = { xaxis: panels[cell]?.x, yaxis: panels[cell]?.y };
    const own = growths.filter((growth) => growth.axis === axis);
    return own.flatMap((growth) => {
      const values = measure.of(growth);
      return [curve(growth, values, place), linear(growth, values, place)];
    });
  });
  return { data: oncePerName(data), layout };
}

function curve(
  { work, sizes }: Growth,
  values: readonly number[],
  place: object,
): Record<string, unknown> {
  return {
    ...{ type: 'scatter', mode: 'lines+markers', name: work, legendgroup: work },
    ...{ x: sizes, y: values, ...place },
    line: { color: styles[work] },
    marker: { color: styles[work], size: 6 },
  };
}

function linear(
  { sizes }: Growth,
  values: readonly number[],
  place: object,
): Record<string, unknown> {
  const [size = 1, value = 1] = [sizes.at(-1), values.at(-1)];
  return {
    ...{ type: 'scatter', mode: 'lines', name: 'linear', legendgroup: 'linear' },
    ...{ x: sizes, y: sizes.map((x) => (value * x) / size), ...place },
    line: { color: colours.baseline, dash: 'dot', width: 1 },
    hoverinfo: 'skip',
  };
}

/** Each name stands in the legend by its first curve. */
function oncePerName(traces: Record<string, unknown>[]): Record<string, unknown>[] {
  const seen = new Set<unknown>();
  return traces.map((trace) => {
    const first = !seen.has(trace['name']);
    seen.add(trace['name']);
    return { ...trace, showlegend: first };
  });
}
