/** How well each layer tells the classes apart, beside what can be told without the layers. */
import type { HeldOut, LayerAccuracy } from '../shape.js';
import { errorBars, levelTrace } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { endsOf, layerAxis } from '../../../plot/layout/axis.js';
import { colours } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { layersShown, ofShown, type Shown } from './shownLayers.js';

/** Held-out accuracy per layer, with 95 % intervals, chance, and the baselines' lines. */
export function layerAccuracyFigure(
  options: Shown & {
    perLayer: readonly LayerAccuracy[];
    baselines?: { length: HeldOut; embeddings: HeldOut };
    room?: Room;
  },
): Figure {
  const { perLayer, baselines, room = defaultRoom } = options;
  const defined = ofShown(perLayer, options).filter((l) => l.heldOutAccuracy !== null);
  const layers = layersShown(Math.max(1, ...perLayer.map((l) => l.layer + 1)), options);
  const lows = defined.map((l) => l.ci?.[0] ?? l.heldOutAccuracy ?? 1);
  const known: [string, number | null | undefined, string, string][] = [
    ["from y1's length", baselines?.length.heldOutAccuracy, 'dash', colours.accuracy],
    ['from the embeddings', baselines?.embeddings.heldOutAccuracy, 'dashdot', colours.copy],
    ['chance', 0.5, 'dot', colours.baseline],
  ];
  const data: (Record<string, unknown> & { name: string })[] = [
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
    ...known.flatMap(([what, level, dash, colour]) => {
      if (level === null || level === undefined) return [];
      const name = `${what} (${level.toFixed(2)})`;
      const ends = endsOf(layers);
      return [{ ...levelTrace({ name, level, ends, dash, colour, width: 2 }), name }];
    }),
  ];
  const panel = {
    x: layerAxis(layers),
    y: {
      title: 'held-out accuracy',
      range: [Math.min(0.45, ...lows.map((low) => low - 0.03)), 1.02] as const,
      own: { zeroline: false },
    },
  };
  const legend = data.map(({ name }) => name);
  const rows = [{ panels: [panel], height: 280, legend }];
  return { data, layout: panelLayout({ rows }, room).layout };
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
