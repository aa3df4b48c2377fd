/** Activity: the mean reading per layer of each class, with its interval. */
import type { Interval } from '../../../math/interval.js';
import type { Activity, Standardize } from '../shape.js';
import { bandTrace } from '../../../plot/axes.js';
import { legendName } from '../../../plot/layout/legend.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { layerAxis } from '../../../plot/layout/axis.js';
import { plotText, type Figure } from '../../../plot/figure.js';
import { isPositive, type LabelNames } from '../../../read/stimuli.js';
import { caseTitle, labelColour } from './labelWords.js';
import { readingUnits } from './latScan.js';
import { layersShown, type Shown } from './shownLayers.js';

/** Mean reading per layer for each class, with 95 % bands. */
export function activityFigure(
  options: Shown & {
    activity: readonly Activity[];
    standardize: Standardize;
    /** What the labels are called, where they were given. */
    labels?: LabelNames;
    room?: Room;
  },
): Figure {
  const { activity, standardize, labels, room = defaultRoom } = options;
  const layers = layersShown(Math.max(1, ...activity.map((a) => a.mean.length)), options);
  const panel = {
    x: layerAxis(layers),
    y: { title: [`mean ${readingUnits[standardize]}`, 'mean reading'], own: { zeroline: true } },
  };
  const legend = activity.map((a) => curveName(a, labels));
  return {
    data: activity.flatMap((a) => activityTraces(a, layers, labels)),
    layout: panelLayout({ rows: [{ panels: [panel], height: 280, legend }] }, room).layout,
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

function curveName({ label, n }: Activity, names?: LabelNames): string {
  return `${legendName(caseTitle(label, names))} (n = ${n})`;
}

function activityTraces(
  activity: Activity,
  layers: readonly number[],
  names?: LabelNames,
): Record<string, unknown>[] {
  const colour = labelColour(activity.label);
  const x = layers.filter((layer) => layer < activity.mean.length);
  const y = x.map((layer) => activity.mean[layer] ?? 0);
  const ci = x.map((layer, i) => activity.ci[layer] ?? same(y[i] ?? 0));
  return [
    bandTrace({ x, ci, colour, opacity: 0.2, group: activity.label }),
    {
      type: 'scatter',
      mode: 'lines+markers',
      name: plotText(curveName(activity, names)),
      x,
      y,
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
