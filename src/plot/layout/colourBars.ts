/** Scales of colours beside the rows that they explain. */
import { diverging, plotText } from '../figure.js';
import { fitting, lineHeight, textWidth, shortened } from './textSize.js';

export interface ColourBar {
  /** Plotly's name. */
  axis: 'coloraxis' | 'coloraxis2';
  /** First and last row beside it. */
  rows: readonly [number, number];
  /** The fullest form first. */
  title: readonly string[];
  /** It spans ±limit, white at 0. */
  limit: number;
}

const thickness = 12;
/** Of the numbers beside it. */
const numbers = 34;

/** CSS pixels that bars take beside the panels. */
export function barWidth(bars: readonly ColourBar[]): number {
  return bars.length === 0 ? 0 : 12 + thickness + numbers + lineHeight + 6;
}

/** Plotly's colour axes. @param down where the rows are, in shares of the plot and in pixels. */
export function colourAxes(
  bars: readonly ColourBar[],
  down: { domains: readonly (readonly [number, number])[]; plot: number },
): Record<string, unknown> {
  return Object.fromEntries(bars.map((bar) => [bar.axis, colourAxis(bar, down)]));
}

function colourAxis(
  { rows, title, limit }: ColourBar,
  { domains, plot }: { domains: readonly (readonly [number, number])[]; plot: number },
): Record<string, unknown> {
  const top = domains[rows[0]]?.[1] ?? 1;
  const bottom = domains[rows[1]]?.[0] ?? 0;
  const pixels = (top - bottom) * plot;
  const text = fitting(title, pixels);
  return {
    colorscale: diverging,
    ...{ cmin: -limit, cmid: 0, cmax: limit },
    colorbar: {
      ...{ thickness, xpad: 6, ypad: 0, nticks: Math.max(2, Math.floor(pixels / 26)) },
      ...{ y: (top + bottom) / 2, len: top - bottom, lenmode: 'fraction' },
      title: {
        text: plotText(textWidth(text) <= pixels ? text : shortened(text, pixels)),
        side: 'right',
      },
    },
  };
}
