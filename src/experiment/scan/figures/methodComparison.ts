/** Direction methods compared: held-out accuracy by layer, one line per method. */
import type { MethodAccuracy } from '../shape.js';
import { bandTrace, levelTrace } from '../../../plot/axes.js';
import { legendName } from '../../../plot/layout/legend.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { endsOf, layerAxis } from '../../../plot/layout/axis.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { layersShown, ofShown, type Shown } from './shownLayers.js';
import { seriesStyle } from '../../../plot/series.js';

/** Held-out accuracy of every method at every layer, with 95 % intervals, and chance. */
export function methodComparisonFigure(
  options: Shown & { methods: readonly MethodAccuracy[]; room?: Room },
): Figure {
  const { room = defaultRoom } = options;
  const count = Math.max(1, ...options.methods.flatMap((m) => m.perLayer.map((l) => l.layer + 1)));
  const layers = layersShown(count, options);
  const methods = methodsShown(options);
  const lows = methods.flatMap((m) =>
    m.perLayer.map(({ heldOutAccuracy, ci }) => ci?.[0] ?? heldOutAccuracy ?? 1),
  );
  const panel = {
    x: layerAxis(layers),
    y: {
      title: ['held-out accuracy (share)', 'held-out accuracy'],
      range: [Math.min(0.45, ...lows.map((low) => low - 0.03)), 1.02] as const,
      own: { zeroline: false },
    },
  };
  const legend = [...methods.map(({ method }) => legendName(method)), 'chance'];
  return {
    data: [
      ...methods.flatMap(bandTraces),
      ...methods.map((method, i) => methodTrace(method, i, methods.length)),
      levelTrace({
        ...{ name: 'chance', level: 0.5, ends: endsOf(layers) },
        ...{ dash: 'dot', colour: colours.baseline },
      }),
    ],
    layout: panelLayout({ rows: [{ panels: [panel], height: 310, legend }] }, room).layout,
  };
}

/** Caption of {@link methodComparisonFigure}: n, intervals, and each method's best layer. */
export function methodComparisonCaption(
  options: Shown & { methods: readonly MethodAccuracy[] },
): string {
  const best = methodsShown(options).flatMap(({ method, perLayer }) => {
    const values = perLayer.map((l) => l.heldOutAccuracy ?? -1);
    const most = Math.max(-1, ...values);
    return most < 0
      ? []
      : [`${method} ${fixed(most)} at layer ${perLayer[values.indexOf(most)]?.layer}`];
  });
  return (
    'Held-out accuracy at the boundary token of directions from the same training stimuli, ' +
    `n = ${countText(options.methods.map((m) => m.n))} held-out stimuli; bands: 95 % intervals ` +
    `over problems. Best, chosen after the fact: ${best.join(', ')}.`
  );
}

function methodsShown(options: Shown & { methods: readonly MethodAccuracy[] }): MethodAccuracy[] {
  return options.methods.map((of) => ({ ...of, perLayer: ofShown(of.perLayer, options) }));
}

/** Bands, since the bars of five methods at forty layers could not be told apart. */
function bandTraces(
  { method, perLayer }: MethodAccuracy,
  index: number,
): Record<string, unknown>[] {
  const known = perLayer.flatMap(({ layer, ci }) => (ci === null ? [] : [{ layer, ci }]));
  if (known.length === 0) return [];
  const band = bandTrace({
    x: known.map(({ layer }) => layer),
    ci: known.map(({ ci }) => ci),
    colour: seriesStyle(index).colour,
    opacity: 0.12,
    group: plotText(method),
  });
  return [band];
}

function methodTrace(
  { method, perLayer }: MethodAccuracy,
  index: number,
  count: number,
): Record<string, unknown> {
  const { colour, symbol, dash } = seriesStyle(index);
  const defined = perLayer.filter((l) => l.heldOutAccuracy !== null);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: plotText(legendName(method)),
    x: defined.map((l) => l.layer),
    y: defined.map((l) => l.heldOutAccuracy),
    line: { color: colour, dash, width: 2 },
    // The first is the largest, so that it shows behind others of the same value.
    marker: { color: colour, symbol, size: 6 + 2 * (count - 1 - index) },
    legendgroup: plotText(method),
    text: defined.map(({ ci }) => intervalText(ci)),
    hovertemplate: `layer %{x}: %{y:.3f}%{text}<extra>${plotText(method)}</extra>`,
  };
}
