/** Legends above panels, clear of the data at any width. */
import { fontSize } from '../theme.js';
import { shortenedMiddle, textWidth } from './textSize.js';

/** Plotly's: the mark before a name, and what is left after it. CSS pixels. */
const markWidth = 45;

/**
 * How high a legend of these names is. Plotly puts them in one line where all of them fit, and else in
 * columns as wide as the widest.
 * @param width that it has, CSS pixels
 * @param size of its font, CSS pixels
 */
export function legendHeight(names: readonly string[], width: number, size = fontSize): number {
  if (names.length === 0) return 0;
  const entryHeight = Math.ceil(1.3 * size) + 3;
  const entries = names.map((name) => markWidth + textWidth(name, size));
  const together = entries.reduce((a, b) => a + b, 0);
  if (together <= width) return entryHeight;
  const columns = Math.max(1, Math.floor(width / Math.max(...entries)));
  return Math.ceil(names.length / columns) * entryHeight;
}

/** A name from a file as it stands in legends, which has room in one column of a paper. */
export function legendName(name: string): string {
  return shortenedMiddle(name, 220);
}

/** Plotly's legend whose lower end is at that share of the plot; never with a bar to scroll. */
export function legendOf(y: number, size = fontSize): Record<string, unknown> {
  return {
    font: { size },
    orientation: 'h',
    x: 0,
    xanchor: 'left',
    y,
    yanchor: 'bottom',
    maxheight: 4000,
  };
}
