/** Heat maps with a line per layer, around 0: what the maps of a causal test share. */
import { diverging } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';

export interface LayerMap {
  /** Names of the lines; those that are shown need not be neighbours. */
  layers: readonly number[];
  /** Places of the columns. */
  x: readonly number[];
  /** `[layer][column]`; null where there is no value. */
  z: readonly (readonly (number | null)[])[];
  /** As `z`, for `hovertemplate`. */
  text: readonly (readonly string[])[];
  hovertemplate: string;
  xaxis: Record<string, unknown>;
  yTitle: string;
  scale: {
    title: string;
    /** The colours span ±limit. */
    limit: number;
  };
}

/** Pixels of a layer's line: all of them are seen at once. */
const lineHeight = { least: 11, most: 28, together: 520 };

/** Layer 0 at the bottom; blue below 0, red above. */
export function layerMapFigure(map: LayerMap): Figure {
  const { layers, x, z, text, hovertemplate, xaxis, yTitle, scale } = map;
  const { least, most, together } = lineHeight;
  const line = Math.max(least, Math.min(most, together / Math.max(1, layers.length)));
  const bare = { zeroline: false, showgrid: false };
  return {
    data: [
      {
        type: 'heatmap',
        x,
        y: layers.map((_, i) => i),
        z,
        text,
        hovertemplate,
        coloraxis: 'coloraxis',
        xgap: 1,
        ygap: 1,
        hoverongaps: false,
      },
    ],
    layout: {
      height: Math.round(150 + line * Math.max(5, layers.length)),
      margin: { t: 30, r: 20, b: 70, l: 70 },
      xaxis: { ...xaxis, ...bare },
      yaxis: { title: { text: yTitle }, tickmode: 'array', ...layerTicks(layers, line), ...bare },
      coloraxis: {
        colorscale: diverging,
        cmin: -scale.limit,
        cmid: 0,
        cmax: scale.limit,
        colorbar: { title: { text: scale.title, side: 'right' } },
      },
    },
  };
}

/** Lines stand at 0, 1, … and are named by their layers; of many, every second, fourth or eighth. */
function layerTicks(
  layers: readonly number[],
  line: number,
): { tickvals: number[]; ticktext: string[] } {
  const step = [1, 2, 4].find((every) => every * line >= 15) ?? 8;
  const shown = layers.map((_, i) => i).filter((i) => i % step === 0);
  return { tickvals: shown, ticktext: shown.map((i) => String(layers[i])) };
}
