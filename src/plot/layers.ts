/** Curves over the layers: how active each class is, and how well each layer tells them apart. */
import type { Interval } from '../math/interval.js';
import type { Activity, HeldOut, LayerAccuracy, Standardize } from '../record/summaries.js';
import { colours, translucent } from './figure.js';
import type { Figure } from './figure.js';
import { caseTitles, readingUnits } from './latScan.js';

const layerAxis = (layers: number): Record<string, unknown> => ({
  title: { text: 'layer (0 = first block)' },
  tickmode: 'linear',
  dtick: layers > 20 ? 4 : 1,
  range: [-0.4, layers - 0.6],
  zeroline: false,
});

/** A legend above the plot, clear of the data at any width. */
const legendAbove = { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' };

/** Mean reading per layer for each class, with 95 % bands. */
export function activityFigure(options: {
  activity: readonly Activity[];
  standardize: Standardize;
}): Figure {
  const { activity, standardize } = options;
  const layers = Math.max(1, ...activity.map((a) => a.mean.length));
  return {
    data: activity.flatMap((a) => activityTraces(a)),
    layout: {
      height: 380,
      margin: { t: 40, r: 20, b: 60, l: 70 },
      xaxis: layerAxis(layers),
      yaxis: { title: { text: `mean ${readingUnits[standardize]}` }, zeroline: true },
      legend: legendAbove,
    },
  };
}

export function activityCaption(options: { activity: readonly Activity[] }): string {
  const counts = options.activity.map((a) => `${caseTitles[a.label]}: n = ${a.n} cases`);
  return (
    `Mean reading over each case's output tokens, by layer (${counts.join('; ')}). ` +
    `Bands: 95 % intervals over cases.`
  );
}

function activityTraces(activity: Activity): Record<string, unknown>[] {
  const colour = colours[activity.label];
  const x = activity.mean.map((_, layer) => layer);
  const band = activity.ci.map((ci, layer) => ci ?? same(activity.mean[layer] ?? 0));
  return [
    {
      type: 'scatter',
      mode: 'lines',
      x: [...x, ...[...x].reverse()],
      y: [...band.map(([low]) => low), ...band.map(([, high]) => high).reverse()],
      fill: 'toself',
      fillcolor: translucent(colour, 0.2),
      line: { width: 0 },
      hoverinfo: 'skip',
      showlegend: false,
      legendgroup: activity.label,
    },
    {
      type: 'scatter',
      mode: 'lines+markers',
      name: `${caseTitles[activity.label]} (n = ${activity.n})`,
      x,
      y: activity.mean,
      line: { color: colour },
      marker: {
        color: colour,
        symbol: activity.label === 'correct' ? 'circle' : 'square',
        size: 8,
      },
      legendgroup: activity.label,
      hovertemplate: 'layer %{x}: %{y:.2f}<extra></extra>',
    },
  ];
}

/** Held-out accuracy per layer, with 95 % intervals, chance, and the baselines' lines. */
export function layerAccuracyFigure(options: {
  perLayer: readonly LayerAccuracy[];
  baselines?: { length: HeldOut; embeddings: HeldOut };
}): Figure {
  const { perLayer, baselines } = options;
  const defined = perLayer.filter((l) => l.heldOutAccuracy !== null);
  const layers = Math.max(1, ...perLayer.map((l) => l.layer + 1));
  const lows = defined.map((l) => l.ci?.[0] ?? l.heldOutAccuracy ?? 1);
  const data: Record<string, unknown>[] = [
    {
      type: 'scatter',
      mode: 'lines+markers',
      name: 'direction, held out',
      x: defined.map((l) => l.layer),
      y: defined.map((l) => l.heldOutAccuracy),
      error_y: errorBars(defined.map((l) => ({ value: l.heldOutAccuracy ?? 0, ci: l.ci }))),
      line: { color: colours.correct },
      marker: { color: colours.correct, size: 8 },
      hovertemplate: 'layer %{x}: %{y:.3f}<extra></extra>',
    },
  ];
  const levels: [string, HeldOut | undefined, string, string][] = [
    ["from y1's length", baselines?.length, 'dash', colours.accuracy],
    ['from the embeddings', baselines?.embeddings, 'dashdot', colours.copy],
  ];
  for (const [name, baseline, dash, colour] of levels) {
    const level = baseline?.heldOutAccuracy;
    if (level !== undefined && level !== null)
      data.push(horizontal({ name, level, layers, dash, colour }));
  }
  data.push(
    horizontal({ name: 'chance', level: 0.5, layers, dash: 'dot', colour: colours.baseline }),
  );
  return {
    data,
    layout: {
      height: 380,
      margin: { t: 40, r: 20, b: 60, l: 70 },
      xaxis: layerAxis(layers),
      yaxis: {
        title: { text: 'held-out accuracy' },
        range: [Math.min(0.45, ...lows.map((low) => low - 0.03)), 1.02],
        zeroline: false,
      },
      legend: legendAbove,
    },
  };
}

function horizontal(options: {
  name: string;
  level: number;
  layers: number;
  dash: string;
  colour: string;
}): Record<string, unknown> {
  const { name, level, layers, dash, colour } = options;
  return {
    type: 'scatter',
    mode: 'lines',
    name: `${name} (${level.toFixed(2)})`,
    x: [-0.4, layers - 0.6],
    y: [level, level],
    line: { color: colour, dash, width: 2 },
    hoverinfo: 'name',
  };
}

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

function same(value: number): Interval {
  return [value, value];
}
