/**
 * Stimuli whose labels are given: any concept that can be said in two ways, as texts, chats or a
 * corrector's inputs, e.g. repeng's pairs of personas.
 */
import { createRandom, type Random } from '../math/random.js';
import { parseGivenRow, type GivenRow } from './givenRows.js';
import { nameOf, type DataSource } from '../data/files/place.js';
import { eachRow, jsonRows } from './jsonRows.js';
import {
  checkStimuli,
  classNames,
  type GivenStimulus,
  type Half,
  type LabelNames,
} from './stimuli.js';
import { shownName } from '../text/given.js';

export interface GivenOptions {
  /** What the file calls the labels. Default: positive and negative. */
  names?: LabelNames;
  /** Of the halves, where the file names none. */
  seed: number | string;
}

/**
 * Parses JSON Lines with the keys `label`; one input: `text`, `messages`, or `question`, `prefix`
 * and `last`; and, where wanted, `pair` (shared by the two lines of a pair), `group` (what must not
 * be in both halves), `half` (`train` or `heldOut`) and `id`.
 *
 * Lines without a group are one by their pair, or by themselves. Groups without a half are shuffled
 * and dealt to both halves in turn, those of like labels among themselves.
 * @throws with `source:line` where a line says something else, where a pair is not one line of
 *   either label in one group, where a group has two halves; and as {@link checkStimuli}.
 */
export function parseGivenStimuli(
  text: string,
  source: string,
  options: GivenOptions,
): GivenStimulus[] {
  const { names = classNames } = options;
  const rows = jsonRows(text, source).map((row) => parseGivenRow(row, names));
  return fromRows(rows, source, options);
}

function fromRows(
  rows: readonly GivenRow[],
  source: string,
  { names = classNames, seed }: GivenOptions,
): GivenStimulus[] {
  const groups = groupsOf(rows);
  checkPairs(rows, groups);
  const halves = halvesOf(rows, groups, createRandom(seed).fork('given halves'));
  const digits = String(rows.length).length;
  const stimuli = rows.map((row, i): GivenStimulus => {
    const problem = groups[i] ?? '';
    return {
      id: row.id ?? `s${String(i + 1).padStart(digits, '0')}`,
      problem,
      pair: row.pair,
      label: row.label,
      half: halves.get(problem) ?? 'train',
      ...row.input,
    };
  });
  checkIds(stimuli, source);
  checkStimuli(stimuli, source, names);
  return stimuli;
}

/** @throws where the data cannot be read, and as {@link parseGivenStimuli}. */
export async function readGivenStimuli(
  source: DataSource,
  options: GivenOptions,
): Promise<GivenStimulus[]> {
  const { names = classNames } = options;
  const rows: GivenRow[] = [];
  for await (const row of eachRow(source)) rows.push(parseGivenRow(row, names));
  return fromRows(rows, nameOf(source), options);
}

/** Of each row: its own group, else its pair's, else one of its own. */
function groupsOf(rows: readonly GivenRow[]): string[] {
  const byPair = new Map<string, string>();
  for (const { pair, group } of rows) {
    if (pair !== undefined && group !== undefined) byPair.set(pair, group);
  }
  return rows.map(({ group, pair }, i) => {
    if (group !== undefined) return group;
    return pair === undefined ? `line ${i + 1}` : (byPair.get(pair) ?? `pair ${pair}`);
  });
}

function checkPairs(rows: readonly GivenRow[], groups: readonly string[]): void {
  const pairs = new Map<string, number[]>();
  rows.forEach(({ pair }, i) => {
    if (pair !== undefined) pairs.set(pair, [...(pairs.get(pair) ?? []), i]);
  });
  for (const [pair, members] of pairs) {
    const [first = 0] = members;
    const where = rows[first]?.where ?? '';
    const labels = members.map((i) => rows[i]?.label);
    if (labels.length !== 2 || labels[0] === labels[1]) {
      throw new Error(
        `${where}: pair ${shownName(pair)} is not two lines, one of either label (got ${labels.join(', ')})`,
      );
    }
    if (new Set(members.map((i) => groups[i])).size > 1) {
      throw new Error(`${where}: pair ${shownName(pair)} is in two groups (expected one)`);
    }
  }
}

function halvesOf(
  rows: readonly GivenRow[],
  groups: readonly string[],
  random: Random,
): Map<string, Half> {
  const halves = new Map<string, Half>();
  rows.forEach(({ half, where }, i) => {
    const group = groups[i] ?? '';
    if (half === undefined) return;
    const known = halves.get(group);
    if (known !== undefined && known !== half) {
      throw new Error(`${where}: group ${shownName(group)} is in both halves (expected one)`);
    }
    halves.set(group, half);
  });
  for (const [labels, alike] of groupsByLabels(rows, groups)) {
    const free = random.fork(labels).shuffle(alike.filter((group) => !halves.has(group)));
    free.forEach((group, i) => halves.set(group, i % 2 === 0 ? 'train' : 'heldOut'));
  }
  return halves;
}

/** Groups by the labels that occur in them, so that each half gets some of every sort. */
function groupsByLabels(
  rows: readonly GivenRow[],
  groups: readonly string[],
): Map<string, string[]> {
  const labels = new Map<string, Set<string>>();
  rows.forEach(({ label }, i) => {
    const group = groups[i] ?? '';
    labels.set(group, (labels.get(group) ?? new Set()).add(label));
  });
  const sorts = new Map<string, string[]>();
  for (const [group, found] of labels) {
    const sort = [...found].sort().join();
    sorts.set(sort, [...(sorts.get(sort) ?? []), group]);
  }
  return sorts;
}

function checkIds(stimuli: readonly GivenStimulus[], source: string): void {
  const ids = new Set<string>();
  for (const { id } of stimuli) {
    if (ids.has(id)) throw new Error(`${source}: two stimuli have the id ${shownName(id)}`);
    ids.add(id);
  }
}
