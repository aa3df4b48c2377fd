/** Styles of several curves in one figure, told apart by mark and dash as well as by colour. */
import { colours } from './figure.js';

export interface SeriesStyle {
  colour: string;
  symbol: string;
  dash: string;
}

const styles: readonly [SeriesStyle, ...SeriesStyle[]] = [
  { colour: colours.correct, symbol: 'circle', dash: 'solid' },
  { colour: colours.copy, symbol: 'square', dash: 'dash' },
  { colour: colours.accuracy, symbol: 'diamond', dash: 'dot' },
  { colour: colours.degenerate, symbol: 'x', dash: 'dashdot' },
  { colour: colours.permuted, symbol: 'triangle-up', dash: 'longdash' },
  { colour: colours.baseline, symbol: 'cross', dash: 'solid' },
];

/** The style of the curve with that index; they repeat after the sixth. */
export function seriesStyle(index: number): SeriesStyle {
  return styles[index % styles.length] ?? styles[0];
}

/** How far the marks of one of `count` series stand from their place, so that bars do not overlap. */
export function beside(index: number, count: number, step: number): number {
  return step * (index - (count - 1) / 2);
}
