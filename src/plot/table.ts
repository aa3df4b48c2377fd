/** Plain rows as an HTML table. */
import { markup, type Markup } from '../text/markup.js';

/** A line of a table: column → value. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Numbers stand right. */
const styles = {
  left: markup`padding:2px 12px 2px 0;vertical-align:top;text-align:left`,
  right: markup`padding:2px 12px 2px 0;vertical-align:top;text-align:right`,
} as const;

/**
 * A table with a column for every key, in order of first occurrence. Numbers stand right, with four
 * significant digits; pairs of numbers are intervals; null and missing values are `–`.
 */
export function tableHtml(rows: readonly TableRow[]): Markup {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === 'number'));
  const style = (i: number): Markup => styles[numeric[i] ? 'right' : 'left'];
  const head = columns.map((name, i) => markup`<th style="${style(i)}">${name}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map(
      (name, i) => markup`<td style="${style(i)}">${cellText(row[name])}</td>`,
    );
    return markup`<tr>${cells}</tr>`;
  });
  return markup`<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
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
