/**
 * Units of work, computed once: the loop under every experiment.
 *
 * A unit is what is computed together. Its records are the same whoever computes it and whatever was
 * done before, so that an interrupted run, a repeated one, and one that several machines share end
 * with the same records. Where any of a unit's records is missing, the whole unit is computed anew.
 */
import { z } from 'zod';
import { sha256 } from '../../record/hash.js';
import { canonicalJson } from '../../record/json.js';
import { HelpEnds, type Claims } from '../../record/claims.js';
import type { Store } from '../../record/store.js';
import { checked } from '../../shape/check.js';
import { sideBySide } from './batches.js';
import { shareUnits } from './shareUnits.js';

export interface Unit<R> {
  /** Keys of its records, in their order; see {@link ResumeOptions.keyOf}. */
  records: readonly string[];
  /** Plain JSON of what goes into it beside {@link ResumeOptions.identity}. */
  inputs: unknown;
  /** Computes the records, all of them. */
  run: () => AsyncIterable<R> | Promise<readonly R[]>;
}

export interface ResumeOptions<R> {
  units: readonly Unit<R>[];
  /** What a record is about, unique within the run. */
  keyOf: (record: R) => string;
  /** Records that are there, by key. Those that are made are added. */
  done: Map<string, R>;
  /** Units that run side by side. Default 1: then records come as they are made. */
  atOnce?: number;
  /**
   * Where units are kept under their content's key, for other runs and machines. Where it grants
   * claims, a unit is computed by one of the machines that run this; then the records of a unit come
   * when all of them are there.
   */
  store?: Store;
  /** What a record must be; a store's are checked by it. */
  shape?: z.ZodType<R>;
  /** Plain JSON of what goes into every unit: kind and version of the records, models, options. */
  identity?: unknown;
  /**
   * Whether the run ends with these units: a machine that only helps then reads no results, and ends with
   * {@link HelpEnds} when there are all.
   */
  last?: boolean;
  /** After each unit, in their order. */
  onUnit?: (unit: Unit<R>) => void;
  signal?: AbortSignal;
}

/** SHA-256 of what goes into a unit: the name under which a store keeps it. */
export function unitKey({ inputs }: Pick<Unit<unknown>, 'inputs'>, identity: unknown): string {
  return sha256(canonicalJson({ identity: identity ?? null, inputs: inputs ?? null }));
}

/** SHA-256 of directions, for what goes into a unit. */
export function hashVectors({ buffer, byteOffset, byteLength }: Float32Array): string {
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

/**
 * Yields the records that are missing, in the order of the units.
 * @throws the signal's reason between units; what a unit throws; where a unit leaves a record out;
 *   {@link HelpEnds}, see {@link ResumeOptions.last}.
 */
export async function* resume<R>(options: ResumeOptions<R>): AsyncGenerator<R, void> {
  const { units, done, keyOf, store, atOnce = 1, onUnit } = options;
  if (store?.claims) return yield* resumeShared(options, { store, claims: store.claims });
  if (atOnce <= 1) {
    for (const unit of units) {
      if (!isDone(unit, done)) yield* missingOf(unit, compute(unit, options), options);
      onUnit?.(unit);
    }
    return;
  }
  const work = async (unit: Unit<R>): Promise<readonly R[]> =>
    isDone(unit, done) ? [] : await gather(compute(unit, options));
  let at = 0;
  for await (const records of sideBySide({ items: units, atOnce, work })) {
    const unit = units[at++];
    if (!unit) break;
    if (records.length > 0) yield* missingOf(unit, records, { done, keyOf });
    onUnit?.(unit);
  }
}

/** What is missing, computed here or on another machine, in the order of the units. */
async function* resumeShared<R>(
  options: ResumeOptions<R>,
  { store, claims }: { store: Store; claims: Claims },
): AsyncGenerator<R, void> {
  const { units, done, identity, atOnce = 1, signal, onUnit, last = false } = options;
  const reads = !(last && store.helps);
  const all = units.map((unit) => ({
    unit,
    key: unitKey(unit, identity),
    done: isDone(unit, done),
  }));
  const wanted = new Set(all.flatMap((one) => (one.done ? [] : [one.key])));
  const results = shareUnits({
    ...{ kind: kindOf(identity), store, claims, atOnce, signal, reads },
    units: all.map(({ unit, key }) => ({ key, compute: () => whole(unit, options) })),
    wants: (key) => wanted.has(key),
  });
  if (!reads) {
    await results.next();
    throw new HelpEnds();
  }
  for (const { unit, key, done: before } of all) {
    if (!before) {
      const { value: kept } = await results.next();
      yield* missingOf(unit, recordsOf(kept, key, options), options);
    }
    onUnit?.(unit);
  }
  await results.next();
}

/** In words, for people. */
function kindOf(identity: unknown): string {
  return z.object({ kind: z.string() }).safeParse(identity).data?.kind ?? 'units';
}

function isDone<R>({ records }: Unit<R>, done: ReadonlyMap<string, R>): boolean {
  return records.every((key) => done.has(key));
}

async function* missingOf<R>(
  unit: Unit<R>,
  made: AsyncIterable<R> | readonly R[],
  { done, keyOf }: Pick<ResumeOptions<R>, 'done' | 'keyOf'>,
): AsyncGenerator<R, void> {
  for await (const record of made) {
    const key = keyOf(record);
    if (done.has(key)) continue;
    done.set(key, record);
    yield record;
  }
  checkWhole(unit, (key) => done.has(key));
}

/** The records of a unit, from the store where it has them. */
async function* compute<R>(unit: Unit<R>, options: ResumeOptions<R>): AsyncGenerator<R, void> {
  const { store, identity, signal } = options;
  signal?.throwIfAborted();
  const key = store && unitKey(unit, identity);
  const stored = key === undefined ? undefined : await store?.get(key);
  if (stored !== undefined) {
    yield* recordsOf(stored, key ?? '', options);
    return;
  }
  const records: R[] = [];
  const made = unit.run();
  for await (const record of Symbol.asyncIterator in made ? made : await made) {
    records.push(record);
    yield record;
  }
  if (key !== undefined) await store?.put(key, records);
}

/**
 * What a store keeps, as it was made: a shape puts keys into its own order, and a record must be the
 * same bytes whoever made it. What was kept before its shape had a key gets that.
 * @throws where the store keeps something else under the key.
 */
function recordsOf<R>(kept: unknown, key: string, { shape, store }: ResumeOptions<R>): R[] {
  const any: z.ZodType<R> = z.custom<R>();
  const place = store?.placeOf?.(key) ?? key;
  const what = `store: ${place} (delete it, and it is computed again)`;
  const records = checked(z.array(shape ?? any), kept, what);
  return canonicalJson(records) === canonicalJson(kept) ? (kept as R[]) : records;
}

/** The records of a unit, computed now. @throws where one is left out. */
async function whole<R>(unit: Unit<R>, options: ResumeOptions<R>): Promise<R[]> {
  const { keyOf } = options;
  const made = unit.run();
  const records = Symbol.asyncIterator in made ? await gather(made) : [...(await made)];
  const here = new Set(records.map(keyOf));
  checkWhole(unit, (key) => here.has(key));
  return records;
}

function checkWhole(
  { records }: { records: readonly string[] },
  has: (key: string) => boolean,
): void {
  const lacking = records.find((key) => !has(key));
  if (lacking !== undefined) throw new Error(`resume: a unit gave no record ${lacking}`);
}

async function gather<R>(records: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const record of records) all.push(record);
  return all;
}
