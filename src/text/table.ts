/** Tables and numbers for people. */
import type { Interval } from '../math/interval.js';
import { showLine } from './show.js';

/** Columns aligned, the first to the left and the others to the right; two spaces between. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(showLine));
  const widths = head.map((_, column) =>
    Math.max(...all.map((row) => [...(row[column] ?? '')].length)),
  );
  return all
    .map((row) =>
      widths
        .map((width, column) => {
          const cell = row[column] ?? '';
          return column === 0 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `93.0 %`, or `–` where undefined. */
export function percent(rate: number | null | undefined): string {
  return rate === null || rate === undefined ? '–' : `${(100 * rate).toFixed(1)} %`;
}

/** `93.0 % [90.1, 95.2]` */
export function percentWithin(
  rate: number | null | undefined,
  ci: Interval | null | undefined,
): string {
  if (!ci) return percent(rate);
  return `${percent(rate)} [${ci.map((bound) => (100 * bound).toFixed(1)).join(', ')}]`;
}

/** Three significant digits, or `–` where undefined. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** `0.512 [0.480, 0.544]` */
export function figureWithin(
  value: number | null | undefined,
  ci: Interval | null | undefined,
): string {
  return ci ? `${figure(value)} [${ci.map(figure).join(', ')}]` : figure(value);
}
