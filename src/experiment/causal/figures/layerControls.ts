/** Steering along the tested direction and along random ones, one layer at a time. */
import type { LayerControls } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { layerAxis } from '../../../plot/layout/axis.js';
import { defaultEditMetric, editMetricLabel } from '../../../text/editMetricTable.js';
import { colours, fixed } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';

/** With what the slope is of. Default: the edit ratio. */
type Controls = LayerControls & { metric?: string };

/** Slope per layer: the tested one with its interval, the random ones as small marks. */
export function layerControlsFigure(options: Controls & { room?: Room }): Figure {
  const { perLayer, metric = defaultEditMetric, room = defaultRoom } = options;
  const tested = perLayer.filter((l) => l.tested !== null);
  const random = perLayer.flatMap(({ layer, random }) => random.map((slope) => ({ layer, slope })));
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        name: 'random directions',
        x: random.map(({ layer }) => layer),
        y: random.map(({ slope }) => slope),
        marker: { color: colours.control, symbol: 'line-ew-open', size: 12 },
        hovertemplate: 'layer %{x}: %{y:.3f}<extra>random</extra>',
      },
      {
        type: 'scatter',
        mode: 'markers',
        name: 'tested direction',
        x: tested.map((l) => l.layer),
        y: tested.map((l) => l.tested),
        error_y: errorBars(tested.map((l) => ({ value: l.tested ?? 0, ci: l.ci }))),
        marker: { color: colours.tested, size: 8 },
        hovertemplate: 'layer %{x}: %{y:.3f}<extra>tested</extra>',
      },
    ],
    layout: panelLayout(
      {
        rows: [
          {
            panels: [
              {
                x: layerAxis(Math.max(1, ...perLayer.map((l) => l.layer + 1))),
                y: {
                  title: [`slope of the ${editMetricLabel(metric)}`, 'slope'],
                  own: { zeroline: true },
                },
              },
            ],
            ...{ height: 280, legend: ['random directions', 'tested direction'] },
          },
        ],
      },
      room,
    ).layout,
  };
}

/** Caption of {@link layerControlsFigure}: unit, n, intervals, and where the tested one stands out. */
export function layerControlsCaption(options: Controls): string {
  const { n, coefficients, perLayer, metric = defaultEditMetric } = options;
  const directions = Math.max(0, ...perLayer.map(({ random }) => random.length));
  const above = perLayer.filter(({ exceeded, random }) => exceeded === random.length);
  return [
    `Slope of the ${editMetricLabel(metric)} against the coefficient (0 and ${coefficients.map(fixed).join(', ')}), one layer steered at a time, n = ${n} problems; bars: 95 % bootstrap intervals over them.`,
    `Random directions: ${directions} of unit length per layer, orthogonal to the tested one, at the same coefficients.`,
    above.length > 0
      ? `The tested |slope| exceeds all of them at layer ${above.map(({ layer }) => layer).join(', ')}.`
      : 'The tested |slope| exceeds all of them at no layer.',
  ].join(' ');
}
