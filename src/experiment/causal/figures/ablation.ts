/** What removing the direction at one layer does: the metric, and decisions that stand. */
import type { CausalSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { layerAxis } from '../../../plot/layout/axis.js';
import { editMetricLabel } from '../../../text/editMetricTable.js';
import { colours, countText, fixed, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';

type Ablation = Pick<CausalSummary, 'ablation' | 'steering'>;

/** Change of the metric per layer above, shares of decisions that stand below. */
export function ablationFigure(options: Ablation & { room?: Room }): Figure {
  const { ablation, steering, room = defaultRoom } = options;
  const { perLayer } = ablation;
  const metric = editMetricLabel(steering.metric);
  const layers = Math.max(1, ...perLayer.map((l) => l.layer + 1));
  const known = perLayer.filter((l) => l.change !== null);
  const names = [
    `${metric}, ablated − unsteered`,
    'copies that stay copies',
    'corrections that stay corrections',
  ] as const;
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        name: plotText(names[0]),
        showlegend: true,
        x: known.map((l) => l.layer),
        y: known.map((l) => l.change),
        error_y: errorBars(known.map((l) => ({ value: l.change ?? 0, ci: l.ci }))),
        marker: { color: colours.tested, size: 8 },
        hovertemplate: 'layer %{x}: %{y:.3f}<extra></extra>',
      },
      shareTrace(perLayer, { key: 'stillCopied', name: names[1], shift: -0.08 }),
      shareTrace(perLayer, {
        key: 'stillCorrected',
        name: names[2],
        shift: 0.08,
      }),
    ],
    layout: panelLayout(
      {
        rows: [
          {
            panels: [
              {
                x: null,
                y: { title: [`change of the ${metric}`, 'change'], own: { zeroline: true } },
              },
            ],
            ...{ height: 230, legend: names.slice(0, 1) },
          },
          {
            panels: [{ x: layerAxis(layers), y: { title: 'share', range: [-0.02, 1.05] } }],
            ...{ height: 170, legend: names.slice(1) },
          },
        ],
      },
      room,
    ).layout,
  };
}

/** Caption of {@link ablationFigure}: unit, n, intervals. */
export function ablationCaption({ ablation, steering }: Ablation): string {
  const { n, perLayer } = ablation;
  const copies = countText(perLayer.map((l) => l.stillCopied.n));
  const corrections = countText(perLayer.map((l) => l.stillCorrected.n));
  return [
    'The projection on the direction is removed from the residual stream at one layer.',
    `Above: ${editMetricLabel(steering.metric)} minus the unsteered model's (${fixed(steering.baseline)}), n = ${n} problems, 95 % bootstrap intervals over them.`,
    `Below: of ${copies} sentences that the unsteered model copies and ${corrections} that it corrects, those where it still does; 95 % intervals (Wilson).`,
  ].join(' ');
}

/** The two classes stand beside each other at a layer. */
function shareTrace(
  perLayer: Ablation['ablation']['perLayer'],
  how: { key: 'stillCopied' | 'stillCorrected'; name: string; shift: number },
): Record<string, unknown> {
  const known = perLayer.filter((l) => l[how.key].rate !== null);
  const colour = how.key === 'stillCopied' ? colours.copy : colours.accuracy;
  return {
    type: 'scatter',
    mode: 'markers',
    name: how.name,
    x: known.map((l) => l.layer + how.shift),
    y: known.map((l) => l[how.key].rate),
    ...{ yaxis: 'y2', legend: 'legend2' },
    error_y: errorBars(known.map((l) => ({ value: l[how.key].rate ?? 0, ci: l[how.key].ci }))),
    marker: { color: colour, symbol: how.key === 'stillCopied' ? 'square' : 'diamond', size: 7 },
    hovertemplate: `%{y:.3f}<extra>${how.name}</extra>`,
  };
}
