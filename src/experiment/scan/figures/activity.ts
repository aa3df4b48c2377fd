/** Activity: the mean reading per layer of each class, with its interval. */
import type { Interval } from '../../../math/interval.js';
import type { Activity, Standardize } from '../shape.js';
import { bandTrace, layerAxis, legendAbove } from '../../../plot/axes.js';
import { plotText, type Figure } from '../../../plot/figure.js';
import { isPositive, type LabelNames } from '../../../read/stimuli.js';
import { caseTitle, labelColour } from './labelWords.js';
import { readingUnits } from './latScan.js';

/** Mean reading per layer for each class, with 95 % bands. */
export function activityFigure(options: {
  activity: readonly Activity[];
  standardize: Standardize;
  /** What the labels are called, where they were given. */
  labels?: LabelNames;
}): Figure {
  const { activity, standardize, labels } = options;
  const layers = Math.max(1, ...activity.map((a) => a.mean.length));
  return {
    data: activity.flatMap((a) => activityTraces(a, labels)),
    layout: {
      height: 380,
      margin: { t: 40, r: 20, b: 60, l: 70 },
      xaxis: layerAxis(layers),
      yaxis: { title: { text: `mean ${readingUnits[standardize]}` }, zeroline: true },
      legend: legendAbove,
    },
  };
}

/** Caption of {@link activityFigure}: what is averaged, n and intervals. */
export function activityCaption(options: {
  activity: readonly Activity[];
  labels?: LabelNames;
}): string {
  const { activity, labels } = options;
  const counts = activity.map((a) => `${caseTitle(a.label, labels)}: n = ${a.n} cases`);
  return (
    `Mean reading over each case's output tokens, by layer (${counts.join('; ')}). ` +
    `Bands: 95 % intervals over cases.`
  );
}

function activityTraces(activity: Activity, names?: LabelNames): Record<string, unknown>[] {
  const colour = labelColour(activity.label);
  const x = activity.mean.map((_, layer) => layer);
  const ci = activity.ci.map((at, layer) => at ?? same(activity.mean[layer] ?? 0));
  return [
    bandTrace({ x, ci, colour, opacity: 0.2, group: activity.label }),
    {
      type: 'scatter',
      mode: 'lines+markers',
      name: `${plotText(caseTitle(activity.label, names))} (n = ${activity.n})`,
      x,
      y: activity.mean,
      line: { color: colour },
      marker: {
        color: colour,
        symbol: isPositive(activity.label) ? 'circle' : 'square',
        size: 8,
      },
      legendgroup: activity.label,
      hovertemplate: 'layer %{x}: %{y:.2f}<extra></extra>',
    },
  ];
}

function same(value: number): Interval {
  return [value, value];
}
