/** Heat maps with a line per layer, around 0: what the maps of a causal test share. */
import type { Axis } from '../../../plot/layout/axis.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
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
  xAxis: Axis;
  /** The fullest form first. */
  yTitle: readonly string[];
  scale: {
    /** The fullest form first. */
    title: readonly string[];
    /** The colours span ±limit. */
    limit: number;
  };
  room?: Room;
}

/** Pixels of a layer's line: all of them are seen at once. */
const lineHeight = { least: 11, most: 28, together: 520 };

/** Layer 0 at the bottom; blue below 0, red above. */
export function layerMapFigure(map: LayerMap): Figure {
  const { layers, x, z, text, hovertemplate, xAxis, yTitle, scale, room = defaultRoom } = map;
  const { least, most, together } = lineHeight;
  const line = Math.max(least, Math.min(most, together / Math.max(1, layers.length)));
  const bare = { zeroline: false, showgrid: false };
  const at = layers.map((_, i) => i);
  const panel = {
    x: { ...xAxis, own: { ...xAxis.own, ...bare } },
    y: {
      title: yTitle,
      range: [-0.5, layers.length - 0.5] as const,
      // Lines stand at 0, 1, … and are named by their layers.
      names: { at, text: layers.map(String) },
      own: bare,
    },
  };
  return {
    data: [
      {
        ...{ type: 'heatmap', x, y: at, z, text, hovertemplate },
        ...{ coloraxis: 'coloraxis', xgap: 1, ygap: 1, hoverongaps: false },
      },
    ],
    layout: panelLayout(
      {
        rows: [{ panels: [panel], height: Math.round(line * Math.max(5, layers.length)) }],
        colourBars: [{ axis: 'coloraxis', rows: [0, 0], ...scale }],
      },
      room,
    ).layout,
  };
}
