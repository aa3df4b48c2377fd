/** The formats that are known, and which one a row is of. */
import { shownName } from '../../text/given.js';
import { alpacaAnnotations, alpacaOutputs } from './alpacaEval.js';
import { chatPairs, hhRlhf, pairs } from './conversations.js';
import { gsm8k, math } from './maths.js';
import { corrected, quadruples, questions } from './own.js';
import type { DataFormat, Row } from './row.js';
import { beaverTails, safeRlhf } from './safety.js';

/** The first that fits is the row's. Another format is another line, and one in docs/data.md. */
export const formats: readonly DataFormat[] = [
  quadruples,
  corrected,
  chatPairs,
  pairs,
  hhRlhf,
  safeRlhf,
  beaverTails,
  alpacaAnnotations,
  alpacaOutputs,
  math,
  gsm8k,
  questions,
];

/** @throws on a row of none, with its columns and the formats that there are */
export function formatOf(row: Row, place: string): DataFormat {
  const format = formats.find(({ fits }) => fits(row));
  if (format) return format;
  const columns = Object.keys(row);
  const found = columns.length === 0 ? 'no columns' : `the columns ${shown(columns)}`;
  const known = formats.map(({ title, columns: keys }) => `${title} ${keys}`).join('; ');
  throw new Error(`${place}: ${found}, of no format that is known (expected one of: ${known})`);
}

function shown(columns: readonly string[]): string {
  const most = 12;
  const more = columns.length > most ? ` and ${columns.length - most} more` : '';
  return `${columns.slice(0, most).map(shownName).join(', ')}${more}`;
}
