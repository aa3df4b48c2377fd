/**
 * People as a judge, blind: pairs are written to a table with shuffled sides, and which side is which
 * to a key beside it, which raters do not see. What they fill in is read when the table is opened again.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { opened } from '../align/opened.js';
import { readDataText, readJsonl } from '../data/jsonl.js';
import { writeAtomic } from '../disk/atomic.js';
import { createRandom } from '../math/random.js';
import { shownValue } from '../text/given.js';
import { judgeOf, type Judge } from './judge.js';
import { turned, type Preference, type PreferencePair, type Preferred } from './preference.js';
import { readSheet, writeSheet } from './sheet.js';

const head = ['pair', 'question', 'answer_a', 'answer_b', 'better'] as const;

/** A line of the key. */
const keyLine = z.object({
  pair: z.string(),
  question: z.string(),
  a: z.string(),
  b: z.string(),
});
type KeyLine = z.infer<typeof keyLine>;

interface Rated {
  line: KeyLine;
  /** What every rater said, in the words of the table's sides: first is A. */
  said: Preferred[];
}

export const humanName = /^human:/;

/**
 * The judge of a table `<file>.csv`, with its key in `<file>.csv.key.jsonl`. Pairs that are not in it
 * are added when the judge is closed. Rows of one pair (several raters, put below each other) are
 * counted: most of them say, and as many of each are a tie.
 * @throws where the table or the key cannot be read, and on a cell in `better` that is neither A, B,
 *   tie nor empty.
 */
export function openHumanJudge(file: string): Judge {
  const { rated, table } = readRated(file);
  const added = new Map<string, KeyLine>();
  const find = (pair: PreferencePair): { said: Rated; isTurned: boolean } | undefined => {
    const straight = rated.get(pairKey(pair));
    if (straight) return { said: straight, isTurned: straight.line.a !== pair.first };
    return undefined;
  };
  const preference: Preference = {
    name: `human-${basename(file, '.csv')}`,
    identity: `human:${existsSync(file) ? hash(readFileSync(file, 'utf8')) : ''}`,
    compare: (pairs) =>
      Promise.resolve(
        pairs.map((pair): Preferred => {
          const found = find(pair);
          const word = found ? mostSaid(found.said.said) : null;
          return found?.isTurned ? turned(word) : word;
        }),
      ),
  };
  const close = async (): Promise<void> => {
    if (added.size > 0) await writeTables(file, { rated, table, added: [...added.values()] });
  };
  const { name } = preference;
  const identity = {
    kind: 'recorded',
    name,
    sha256: hash(`human\n${name}`),
    source: file,
  } as const;
  return {
    ...judgeOf(preference, opened({ name, identity, close })),
    waiting: (pairs) =>
      pairs.map((pair) => {
        const found = find(pair);
        if (!found) added.set(pairKey(pair), lineOf(pair));
        return !found?.said.said.some((word) => word !== null);
      }),
  };
}

/** The same for both orders. */
function pairKey({ question, first, second }: PreferencePair): string {
  return hash(JSON.stringify([question.question, ...[first, second].sort()]));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Which side is which follows from the texts: the same pair is always shown alike. */
function lineOf(pair: PreferencePair): KeyLine {
  const { question, first, second } = pair;
  const key = pairKey(pair);
  const [one = first, other = second] = [first, second].sort();
  const [a, b] = createRandom(key).integer(2) === 0 ? [one, other] : [other, one];
  return { pair: key.slice(0, 12), question: question.question, a, b };
}

/** Who said what, and the table as it is, its further columns too. */
interface Table {
  rated: ReadonlyMap<string, Rated>;
  table: readonly (readonly string[])[];
}

function readRated(file: string): Table {
  if (!existsSync(file)) return { rated: new Map(), table: [head] };
  const keyFile = `${file}.key.jsonl`;
  if (!existsSync(keyFile)) {
    throw new Error(
      `human: no file ${keyFile}, which says whose answers stand in ${file}; put it beside the table`,
    );
  }
  const byPair = new Map<string, Rated>();
  for (const line of readJsonl(keyFile, keyLine)) byPair.set(line.pair, { line, said: [] });
  const table = readSheet(readDataText(file), file);
  const [names = [], ...rows] = table;
  const columns = [names.indexOf('pair'), names.indexOf('better')];
  const [pairAt = -1, betterAt = -1] = columns;
  if (pairAt < 0 || betterAt < 0) {
    throw new Error(`human: ${file} lacks the column pair or better (it has ${shownValue(names)})`);
  }
  for (const [i, row] of rows.entries()) {
    if (row.every((cell) => cell.trim() === '')) continue;
    const place = `human: ${file}, row ${i + 2}`;
    const entry = byPair.get(row[pairAt]?.trim() ?? '');
    if (!entry) throw new Error(`${place}: ${shownValue(row[pairAt])} is no pair of the key`);
    entry.said.push(readWord(row[betterAt] ?? '', place));
  }
  const keyed = [...byPair.values()].map((entry): [string, Rated] => {
    const { question, a, b } = entry.line;
    return [pairKey({ question: { id: '', question }, first: a, second: b }), entry];
  });
  return { rated: new Map(keyed), table };
}

function readWord(cell: string, place: string): Preferred {
  switch (cell.trim().toLowerCase()) {
    case '':
      return null;
    case 'a':
      return 'first';
    case 'b':
      return 'second';
    case 'tie':
      return 'tie';
    default:
      throw new Error(
        `${place}: better is none (expected A, B, tie or nothing, got ${shownValue(cell)})`,
      );
  }
}

function mostSaid(said: readonly Preferred[]): Preferred {
  const words = said.filter((word) => word !== null);
  if (words.length === 0) return null;
  const worth = { first: 1, tie: 0, second: -1 } as const;
  const sum = words.reduce((total, word) => total + worth[word], 0);
  return sum > 0 ? 'first' : sum < 0 ? 'second' : 'tie';
}

/** The key first: a table without one could not be read. */
async function writeTables(
  file: string,
  { rated, table, added }: Table & { added: readonly KeyLine[] },
): Promise<void> {
  const fresh = createRandom('order').shuffle([...added]);
  const lines = [...Array.from(rated.values(), ({ line }) => line), ...fresh];
  await writeAtomic(`${file}.key.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const [names = head] = table;
  const rows = fresh.map(({ pair, question, a, b }) => {
    const cells: Record<string, string> = { pair, question, answer_a: a, answer_b: b };
    return names.map((name) => cells[name] ?? '');
  });
  await writeAtomic(file, writeSheet([...table, ...rows]));
}
