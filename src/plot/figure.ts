/** A plotly figure as plain data, and what all figures share. */
import { show } from '../text/show.js';

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
  permuted: '#9a63d0',
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

/**
 * Plotly reads a subset of HTML in its labels, and places for values (`%{x}`) in what it shows on
 * hover; text from models and files must not be read so.
 */
export function plotText(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '{': '&#123;',
  };
  return show(text).replace(/[&<>{]/g, (mark) => entities[mark] ?? mark);
}

/** The tags that figures are made with; none of them has attributes. */
const ownTags = /^<\/?(b|i|br|sub|sup|extra)>/;

/**
 * The figure as it may be drawn: no text in it is more than bold, raised or a new line, wherever it
 * came from. A link is the worst that plotly would make of it.
 */
export function safeFigure({ data, layout }: Figure): Figure {
  return { data: data.map(safeValues), layout: safeValues(layout) };
}

function safeValues<T extends Record<string, unknown>>(values: T): T {
  return safeValue(values) as T;
}

function safeValue(value: unknown): unknown {
  if (typeof value === 'string') {
    return show(value).replace(/</g, (_, at: number, all: string) => ownTags.test(all.slice(at, at + 9)) ? '<' : '&lt;'); // prettier-ignore
  }
  if (Array.isArray(value)) return value.map(safeValue);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, safeValue(item)]));
}

/** A colour `#rrggbb` with an opacity. */
export function translucent(colour: string, opacity: number): string {
  const part = (at: number): number => Number.parseInt(colour.slice(at, at + 2), 16);
  return `rgba(${part(1)},${part(3)},${part(5)},${opacity})`;
}

/**
 * A value's place on the diverging scale.
 * @param limit the scale spans ±limit; values beyond it have the colour of its end.
 * @returns red, green, blue, 0 … 255
 */
export function divergingColour(value: number, limit: number): [number, number, number] {
  const share = Math.max(0, Math.min(1, (value / limit + 1) / 2));
  const at = Math.min(diverging.length - 2, Math.floor(share * (diverging.length - 1)));
  const mix = share * (diverging.length - 1) - at;
  const from = diverging[at]?.[1] ?? '';
  const to = diverging[at + 1]?.[1] ?? '';
  const part = (i: number): number => {
    const [a, b] = [from, to].map((hex) => Number.parseInt(hex.slice(i, i + 2), 16));
    return Math.round((a ?? 0) + mix * ((b ?? 0) - (a ?? 0)));
  };
  return [part(1), part(3), part(5)];
}

/** A number as captions and tables show it: three significant digits. */
export function fixed(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** ` [low, high]` after a value; nothing where there is no interval. */
export function intervalText(ci: readonly [number, number] | null): string {
  return ci === null ? '' : ` [${fixed(ci[0])}, ${fixed(ci[1])}]`;
}

/** What counts stand behind the points of a figure: `200`, or `180–200` where they differ. */
export function countText(counts: readonly number[]): string {
  if (counts.length === 0) return '0';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least}–${most}`;
}
