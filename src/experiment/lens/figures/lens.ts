/** At which layer the first output token is settled, by the logit lens. */
import type { LensSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { layerAxis } from '../../../plot/layout/axis.js';
import { colours, fixed, intervalText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';

const classes = [
  { label: 'correct', name: 'corrections', symbol: 'circle', shift: -0.06 },
  { label: 'copy', name: 'copies', symbol: 'square', shift: 0.06 },
] as const;

type Lens = Pick<LensSummary, 'perLayer' | 'settling' | 'layers'>;
type Drawn = Lens & { room?: Room };

const legend = classes.map(({ name }) => name);

/** Share of the cases settled per layer above, probability of the first token below. */
export function lensFigure({ perLayer, layers, room = defaultRoom }: Drawn): Figure {
  return {
    data: classes.flatMap(({ label, name, symbol, shift }) =>
      (['settled', 'probability'] as const).map((key) => {
        const points = perLayer.flatMap((at) => {
          const { mean, ci } = at[label][key];
          return mean === null ? [] : [{ layer: at.layer, value: mean, ci }];
        });
        return {
          type: 'scatter',
          mode: 'lines+markers',
          ...{ name, legendgroup: name, showlegend: key === 'settled' },
          x: points.map(({ layer }) => layer + shift),
          y: points.map(({ value }) => value),
          error_y: errorBars(points),
          line: { color: colours[label], width: 1.5 },
          marker: { color: colours[label], symbol, size: 7 },
          hovertemplate: `%{y:.3f}<extra>${name}</extra>`,
          ...(key === 'probability' && { yaxis: 'y2' }),
        };
      }),
    ),
    layout: panelLayout(
      {
        rows: [
          {
            panels: [
              { x: null, y: { title: ['share that agrees', 'share'], range: [-0.03, 1.05] } },
            ],
            ...{ height: 210, legend },
          },
          {
            panels: [
              {
                x: layerAxis(layers),
                y: { title: ['probability', 'prob.'], range: [-0.03, 1.05] },
              },
            ],
            height: 210,
          },
        ],
      },
      room,
    ).layout,
  };
}

/** Caption of {@link lensFigure}: what the lens is, n, intervals. */
export function lensCaption({ settling }: Lens): string {
  return [
    'The hidden state at the last prompt token, layer by layer, sent through the last norm and the head.',
    "Above: share of cases whose most probable token is then the model's own first output token; below: mean probability of that token.",
    `n = ${settling.correct.n} corrections and ${settling.copy.n} copies, one per problem; bars: 95 % bootstrap intervals over problems.`,
    'At the last layer the lens is the model itself.',
  ].join(' ');
}

/** How many cases settle at each layer, as shares of their class. */
export function settlingFigure({ settling, layers, room = defaultRoom }: Drawn): Figure {
  return {
    data: classes.map(({ label, name }) => {
      const { counts, n } = settling[label];
      return {
        type: 'bar',
        name,
        x: counts.map((_, layer) => layer),
        y: counts.map((count) => (n > 0 ? count / n : 0)),
        customdata: counts,
        marker: { color: colours[label] },
        hovertemplate: `layer %{x}: %{y:.3f} (%{customdata})<extra>${name}</extra>`,
      };
    }),
    layout: {
      ...panelLayout(
        {
          rows: [
            {
              panels: [
                {
                  x: { ...layerAxis(layers), range: [-0.6, layers - 0.4] },
                  y: { title: ['share of the class', 'share'], own: { rangemode: 'tozero' } },
                },
              ],
              ...{ height: 240, legend },
            },
          ],
        },
        room,
      ).layout,
      barmode: 'group',
    },
  };
}

/** Caption of {@link settlingFigure}: what settling is, medians, n. */
export function settlingCaption({ settling }: Lens): string {
  const told = classes.map(({ label, name }) => {
    const { n, median, medianCi, mean, meanCi } = settling[label];
    if (median === null || mean === null) return `no ${name}`;
    return `${name} (n = ${n}) median ${fixed(median)}${intervalText(medianCi)}, mean ${fixed(mean)}${intervalText(meanCi)}`;
  });
  return `The layer from which on the most probable token stays the model's own first output token: ${told.join('; ')}; 95 % bootstrap intervals over problems.`;
}
