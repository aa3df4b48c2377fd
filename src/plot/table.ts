/** Plain rows as an HTML table. */
import { escapeHtml } from './figure.js';

/** A line of a table: column → value. */
export type TableRow = Readonly<Record<string, unknown>>;

const cell = 'padding:2px 12px 2px 0;vertical-align:top';

/**
 * A table with a column for every key, in order of first occurrence. Numbers stand right, with four
 * significant digits; pairs of numbers are intervals; null and missing values are `–`.
 */
export function tableHtml(rows: readonly TableRow[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === 'number'));
  const style = (i: number): string => `${cell};text-align:${numeric[i] ? 'right' : 'left'}`;
  const head = columns.map((name, i) => `<th style="${style(i)}">${escapeHtml(name)}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map(
      (name, i) => `<td style="${style(i)}">${escapeHtml(cellText(row[name]))}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(cellText).join(', ')}]`;
  return JSON.stringify(value);
}

/** Whole numbers whole. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
