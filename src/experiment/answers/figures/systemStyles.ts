/** How the systems of a comparison look, the same in all its figures. */
import type { CompareSummary } from '../compare/shape.js';
import { colours } from '../../../plot/figure.js';

export type ShownKind = CompareSummary['systems'][number]['kind'] | 'best-of';

export interface KindStyle {
  title: string;
  colour: string;
  symbol: string;
  dash: string;
}

export const kindStyles: Record<ShownKind, KindStyle> = {
  upstream: { title: 'upstream alone', colour: colours.baseline, symbol: 'cross', dash: 'dot' },
  stream: { title: 'Stream Aligner', colour: colours.correct, symbol: 'circle', dash: 'solid' },
  aligner: { title: 'Aligner', colour: colours.copy, symbol: 'square', dash: 'dash' },
  proxy: { title: 'proxy-tuning', colour: colours.accuracy, symbol: 'diamond', dash: 'dashdot' },
  sft: { title: 'SFT', colour: colours.permuted, symbol: 'triangle-up', dash: 'longdash' },
  dpo: { title: 'DPO', colour: colours.degenerate, symbol: 'x', dash: 'longdashdot' },
  'best-of': { title: 'best of n', colour: colours.control, symbol: 'circle-open', dash: 'dash' },
};

/** Labels of the sizes, in the order in which they occur. */
export function sizesOf({ systems }: Pick<CompareSummary, 'systems'>): string[] {
  return [...new Set(systems.flatMap(({ size }) => (size === null ? [] : [size])))];
}
