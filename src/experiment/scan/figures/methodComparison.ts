/** Direction methods compared: held-out accuracy by layer, one line per method. */
import type { MethodAccuracy } from '../shape.js';
import { bandTrace, layerAxis, legendAbove } from '../../../plot/axes.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { seriesStyle } from '../../../plot/series.js';

/** Held-out accuracy of every method at every layer, with 95 % intervals, and chance. */
export function methodComparisonFigure(options: { methods: readonly MethodAccuracy[] }): Figure {
  const { methods } = options;
  const layers = Math.max(1, ...methods.flatMap((m) => m.perLayer.map((l) => l.layer + 1)));
  const lows = methods.flatMap((m) =>
    m.perLayer.map(({ heldOutAccuracy, ci }) => ci?.[0] ?? heldOutAccuracy ?? 1),
  );
  return {
    data: [
      ...methods.flatMap(bandTraces),
      ...methods.map((method, i) => methodTrace(method, i, methods.length)),
    ],
    layout: {
      height: 420,
      margin: { t: 40, r: 20, b: 60, l: 70 },
      xaxis: layerAxis(layers),
      yaxis: {
        title: { text: 'held-out accuracy (share)' },
        range: [Math.min(0.45, ...lows.map((low) => low - 0.03)), 1.02],
        zeroline: false,
      },
      legend: legendAbove,
      shapes: [
        {
          ...{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: 0.5, y1: 0.5 },
          line: { color: colours.baseline, dash: 'dot', width: 1.5 },
          label: { text: 'chance', textposition: 'end', font: { color: colours.baseline } },
        },
      ],
    },
  };
}

/** Caption of {@link methodComparisonFigure}: n, intervals, and each method's best layer. */
export function methodComparisonCaption(options: { methods: readonly MethodAccuracy[] }): string {
  const best = options.methods.flatMap(({ method, perLayer }) => {
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
    name: plotText(method),
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
