/** How well each layer tells the classes apart, beside what can be told without the layers. */
import type { HeldOut, LayerAccuracy } from '../shape.js';
import { errorBars, layerAxis, legendAbove } from '../../../plot/axes.js';
import { colours } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';

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

/**
 * Caption of {@link layerAccuracyFigure}.
 * @param options.n held-out stimuli; default: not said.
 */
export function layerAccuracyCaption({ n }: { n?: number } = {}): string {
  const stimuli = n === undefined ? 'held-out stimuli' : `n = ${n} held-out stimuli`;
  return (
    `Share of ${stimuli} told right at the boundary token, unpaired, threshold from the training ` +
    'stimuli; bars: 95 % intervals over problems.'
  );
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
