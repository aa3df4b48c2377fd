/**
 * Leading tokens that rows have in common: an instruction, a question, the answer so far. They are
 * computed once, with the keys and values of what they go on from, and every row goes on from the
 * longest prefix that it shares.
 */
import type { DecoderLayout } from '../../onnx/layout.js';
import type { ForwardRequest, GenerateRequest } from '../decoder.js';
import type { Session } from '../session.js';
import type { Steering } from '../steering.js';
import { firstSlot, reusedTokens, slotsOf, type Batch, type RowLength } from './batches.js';
import { presentTensors, type CachedRow, type PastRow } from './keyValues.js';
import { runForCache } from './prefill.js';
import { commonPrefix, type TreatedTokens } from './prefixCache.js';
import { fedProjections } from './readings.js';

/** Tokens that a prefix must save; a row more in a run, and its keys and values, cost as much as some. */
const leastSaved = 16;
/** The share of all tokens that must be saved. */
const leastShare = 0.1;

/** Tokens from the first one on. */
export interface Prefix {
  ids: readonly number[];
  /** The shorter one that it goes on from. */
  parent: Prefix | null;
  /** One of the request's rows that go on from it. */
  row: number;
}

interface Row extends TreatedTokens {
  index: number;
  /** Tokens that may come out of a cache. */
  most: number;
}

const untreated = { treatments: [] };

/**
 * The prefix of each row, null where it has none; null where there is too little to save. It follows
 * from the request alone. What is asked for, or patched, is computed for each row, with all that comes
 * after it; so a request that reads every position (`project`) shares nothing, nor does one that is
 * steered.
 */
export function planPrefixes(
  request: ForwardRequest,
  { always = false }: { always?: boolean } = {},
): (Prefix | null)[] | null {
  const { tokens, steering, project } = request;
  if (isSteered(steering) || project) return null;
  const rows = tokens.map((ids, index) => ({
    ...untreated,
    index,
    ids,
    most: firstOwn(request, index),
  }));
  const { found, saved } = findPrefixes(rows, { least: always ? 1 : leastSaved });
  const all = tokens.reduce((sum, { length }) => sum + length, 0);
  return saved > 0 && (always || saved >= leastShare * all) ? found : null;
}

function isSteered(steering: Steering | undefined): boolean {
  return [steering?.coefficient, steering?.ablation].some((by) => by?.some((x) => x !== 0));
}

/**
 * The prompt of each row without its last token, as what goes on from what it shares; null for a prompt
 * of one token, and where rows have caches or anything is done to hidden states.
 */
export function promptPrefixes({
  prompts,
  caches,
  steering,
}: GenerateRequest): (Prefix | null)[] | null {
  if (caches || isSteered(steering) || (steering?.patches ?? []).length > 0) return null;
  const rows = prompts.map((ids, index) => ({ ...untreated, index, ids, most: ids.length - 1 }));
  const { found } = findPrefixes(rows, { least: leastSaved });
  const whole = new Map<string, Prefix>();
  return prompts.map((prompt, row) => {
    const [ids, parent] = [prompt.slice(0, -1), found[row] ?? null];
    if (ids.length === 0 || parent?.ids.length === ids.length) return parent;
    const key = ids.join();
    const known = whole.get(key) ?? { ids, parent, row };
    whole.set(key, known);
    return known;
  });
}

/** Tokens that are computed for all of them. */
export function prefixTokens(wanted: readonly (Prefix | null)[]): number {
  const own = ({ ids, parent }: Prefix): number => ids.length - (parent?.ids.length ?? 0);
  return levelsOf(wanted)
    .flat()
    .reduce((sum, prefix) => sum + own(prefix), 0);
}

/** Slots that their runs feed, padding among them. */
export function prefixSlots(
  wanted: readonly (Prefix | null)[],
  plan: (rows: readonly RowLength[]) => Batch[],
): number {
  return slotsOf(levelsOf(wanted).flatMap((level) => plan(level.map(lengthOfPrefix))));
}

function findPrefixes(
  rows: Row[],
  { least }: { least: number },
): { found: (Prefix | null)[]; saved: number } {
  const found: (Prefix | null)[] = rows.map(() => null);
  const saved = descend(rows.sort(inOrder), null, { found, least });
  return { found, saved };
}

/** The first position that a row must compute by itself; at last its last one. */
function firstOwn({ tokens, states, logits, steering }: ForwardRequest, index: number): number {
  const asked = [...(states?.[index] ?? []), ...(logits?.[index] ?? [])];
  const patches = steering?.patches?.filter(({ row }) => row === index) ?? [];
  const patched = patches.map(({ position }) => position);
  return Math.min((tokens[index]?.length ?? 1) - 1, ...asked, ...patched);
}

function inOrder(a: Row, b: Row): number {
  const same = commonPrefix(a, b);
  return (a.ids[same] ?? -1) - (b.ids[same] ?? -1) || a.index - b.index;
}

/**
 * Finds the prefixes of rows that lie in order and share one already.
 * @returns tokens that they save
 */
function descend(
  rows: readonly Row[],
  parent: Prefix | null,
  to: { found: (Prefix | null)[]; least: number },
): number {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last || first === last) return 0;
  const common = Math.min(commonPrefix(first, last), ...rows.map(({ most }) => most));
  const saves = (common - (parent?.ids.length ?? 0)) * (rows.length - 1);
  const worth = saves >= to.least;
  const own = { ids: first.ids.slice(0, common), parent, row: first.index };
  const prefix = worth ? own : parent;
  if (worth) for (const { index } of rows) to.found[index] = prefix;
  let saved = worth ? saves : 0;
  // Who has nothing more to share would hold the others back.
  const rest = rows.filter(({ most }) => most > common);
  for (const group of groupsBy(rest, common)) saved += descend(group, prefix, to);
  return saved;
}

/** Neighbours with the same token there. */
function groupsBy(rows: readonly Row[], position: number): Row[][] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group?.[0]?.ids[position] === row.ids[position]) group?.push(row);
    else groups.push([row]);
  }
  return groups;
}

export interface PrefixOptions {
  layout: DecoderLayout;
  session: Session;
  plan: (rows: readonly RowLength[]) => Batch[];
  /** Before every run. */
  begin: (batch: Batch) => Promise<void>;
}

/**
 * Keys and values of all prefixes, those that others go on from first.
 * @throws naming a row where a hidden state is not finite.
 */
export async function computePrefixes(
  wanted: readonly (Prefix | null)[],
  { layout, session, plan, begin }: PrefixOptions,
): Promise<ReadonlyMap<Prefix, CachedRow>> {
  const cached = new Map<Prefix, CachedRow>();
  for (const level of levelsOf(wanted)) {
    for (const batch of plan(level.map(lengthOfPrefix))) {
      await begin(batch);
      const rows = level.map(({ ids }) => ({ ids, promptLength: ids.length }));
      const past = pastOf(batch, { rows, prefixes: level.map(({ parent }) => parent), cached });
      const unsteered = { steering: undefined, project: undefined };
      const results = await runForCache(session, { layout, batch, rows, past, ...unsteered });
      const tensors = presentTensors(layout, results);
      batch.rows.forEach((index, row) => {
        const prefix = level[index];
        if (!prefix) return;
        const { length } = prefix.ids;
        const sizes = { layers: layout.layers, inner: 1 };
        fedProjections(results, sizes, { batch, row, length, index: prefix.row });
        const start = firstSlot(batch, length);
        cached.set(prefix, { ...untreated, ids: prefix.ids, tensors, row, start });
      });
    }
  }
  return cached;
}

function lengthOfPrefix({ ids, parent }: Prefix): RowLength {
  return lengthOf(ids, parent);
}

/** A row of so many tokens that goes on from a prefix. */
export function lengthOf(ids: readonly number[], prefix: Prefix | null | undefined): RowLength {
  return { length: ids.length, cached: prefix?.ids.length ?? 0 };
}

/** What the rows of a batch take from the prefixes that they go on from. */
export function pastOf(
  batch: Batch,
  given: {
    rows: readonly { ids: readonly number[] }[];
    prefixes: readonly (Prefix | null)[];
    cached: ReadonlyMap<Prefix, CachedRow>;
  },
): PastRow[] {
  return batch.rows.map((index) => {
    const prefix = given.prefixes[index];
    const reused = reusedTokens(batch, given.rows[index]?.ids.length ?? 0);
    return { cached: prefix ? given.cached.get(prefix) : undefined, reused };
  });
}

/** All prefixes, by how many others they go on from. */
function levelsOf(wanted: readonly (Prefix | null)[]): Prefix[][] {
  const levels: Set<Prefix>[] = [];
  const add = (prefix: Prefix): number => {
    const level = prefix.parent ? add(prefix.parent) + 1 : 0;
    (levels[level] ??= new Set()).add(prefix);
    return level;
  };
  for (const prefix of wanted) if (prefix) add(prefix);
  return levels.map((level) => [...level]);
}
