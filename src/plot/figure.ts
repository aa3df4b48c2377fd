/** A plotly figure as plain data, and what all figures share. */

export interface Figure {
  /** Plotly traces. */
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

/**
 * Colours that people with any colour vision tell apart (Okabe and Ito 2008), and that show on light
 * and on dark ground.
 */
export const colours = {
  correct: '#d55e00',
  copy: '#0072b2',
  tested: '#d55e00',
  permuted: '#7b3fb5',
  control: '#999999',
  accuracy: '#009e73',
  degenerate: '#cc79a7',
  baseline: '#7f7f7f',
} as const;

/** ColorBrewer's RdBu, blue for negative (copy), red for positive (correct), safe for any vision. */
export const diverging: [number, string][] = [
  [0, '#2166ac'],
  [0.125, '#4393c3'],
  [0.25, '#92c5de'],
  [0.375, '#d1e5f0'],
  [0.5, '#f7f7f7'],
  [0.625, '#fddbc7'],
  [0.75, '#f4a582'],
  [0.875, '#d6604d'],
  [1, '#b2182b'],
];

/** Plotly reads a subset of HTML in its labels; text from models and files must not be read so. */
export function plotText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** A colour `#rrggbb` with an opacity. */
export function translucent(colour: string, opacity: number): string {
  const part = (at: number): number => Number.parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${part(1)},${part(3)},${part(5)},${opacity})`;
}
