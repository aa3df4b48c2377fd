/** What steering does by layer and coefficient: change of the metric against the unsteered model. */
import type { LayerEffects } from '../record/summaries.js';
import { diverging, fixed, plotText } from './figure.js';
import type { Figure } from './figure.js';
import { metricTitles } from './steeringCurve.js';

const mostMarks = 17;

/** Short names for the scale. */
const metricNames: Readonly<Record<string, string>> = { editRatio: 'edit ratio' };

/** Pixels of a layer's line: all of them are seen at once. */
const lineHeight = { least: 11, most: 28, together: 520 };

/**
 * Heat map of effect = metric − baseline; red: more is changed, blue: less. Its cells are as wide as
 * the steps between the coefficients.
 */
export function effectMapFigure(options: LayerEffects): Figure {
  const { layers, coefficients, effect, ci = [] } = options;
  const line = Math.max(
    lineHeight.least,
    Math.min(lineHeight.most, lineHeight.together / Math.max(1, layers.length)),
  );
  const limit = effectLimit(options);
  return {
    data: [
      {
        type: 'heatmap',
        x: coefficients,
        y: layers.map((_, i) => i),
        z: effect,
        text: layers.map((layer, i) =>
          coefficients.map((_, c) => `layer ${layer}${bracket(ci[i]?.[c] ?? null)}`),
        ),
        hovertemplate: 'coefficient %{x}, %{text}<br>effect %{z:.3f}<extra></extra>',
        coloraxis: 'coloraxis',
        xgap: 1,
        ygap: 1,
        hoverongaps: false,
      },
    ],
    layout: {
      height: Math.round(150 + line * Math.max(5, layers.length)),
      margin: { t: 30, r: 20, b: 70, l: 70 },
      xaxis: {
        title: { text: 'coefficient' },
        // A mark under every column, while there is room for the numbers.
        ...(coefficients.length <= mostMarks && { tickmode: 'array', tickvals: coefficients }),
        zeroline: false,
        showgrid: false,
      },
      yaxis: {
        title: { text: 'steered layer (0 = first block)' },
        tickmode: 'array',
        ...layerTicks(layers, line),
        zeroline: false,
        showgrid: false,
      },
      coloraxis: {
        colorscale: diverging,
        cmin: -limit,
        cmid: 0,
        cmax: limit,
        colorbar: {
          title: {
            text: `${plotText(metricNames[options.metric] ?? options.metric)} − unsteered`,
            side: 'right',
          },
        },
      },
    },
  };
}

/** Caption of {@link effectMapFigure}: what effect is, its baseline, n, and cells beyond doubt. */
export function effectMapCaption(options: LayerEffects): string {
  const { metric, baseline, n, effect, ci } = options;
  const cells = effect.flat().filter((value) => value !== null).length;
  const apart = (ci ?? []).flat().filter((at) => at !== null && (at[0] > 0 || at[1] < 0)).length;
  return [
    `Effect = ${metricTitles[metric] ?? metric} minus that of the unsteered model (${fixed(baseline)}),`,
    `one layer steered at a time, n = ${n} problems per cell.`,
    `Coefficient 1 is ${options.unit}. Colours span ±${fixed(effectLimit(options))}.`,
    ci === undefined
      ? 'No intervals were computed.'
      : `In ${apart} of ${cells} cells the 95 % interval leaves 0 out.`,
  ].join(' ');
}

function effectLimit({ effect }: LayerEffects): number {
  const largest = Math.max(0, ...effect.flat().map((value) => Math.abs(value ?? 0)));
  return largest > 0 ? largest : 1;
}

/** Lines stand at 0, 1, … and are named by their layers: those steered need not be neighbours. */
function layerTicks(
  layers: readonly number[],
  line: number,
): { tickvals: number[]; ticktext: string[] } {
  const step = [1, 2, 4].find((every) => every * line >= 15) ?? 8;
  const shown = layers.map((_, i) => i).filter((i) => i % step === 0);
  return { tickvals: shown, ticktext: shown.map((i) => String(layers[i])) };
}

function bracket(ci: readonly [number, number] | null): string {
  return ci === null ? '' : `<br>95 % [${fixed(ci[0])}, ${fixed(ci[1])}]`;
}
