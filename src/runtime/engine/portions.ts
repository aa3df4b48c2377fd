/**
 * A batch is written a portion at a time: between two, the rows that have ended leave. A run goes on
 * until its longest row has ended, and computes the others along, so a batch in which one row writes
 * ten times as much as the rest would cost ten times as much.
 */
import { continued } from './continued.js';
import type { Batch } from './batches.js';
import type { GeneratedBatch, GenerateOptions } from './generate.js';
import type { GenerateRow } from '../decoder.js';
import type { CachedRow } from './keyValues.js';
import { joinWritten } from './verify.js';

/** How a batch is cut. */
export interface Portions {
  /** Tokens of a portion. */
  tokens: number;
  /**
   * Most tokens of a row: keys and values leave the runtime between two portions, and come back, which
   * must cost less than what it saves.
   */
  longest: number;
}

/** Whether rows of the batch may leave early. Tokens that are drawn are drawn in one run. */
export function isPortioned(
  { request, batch, rooms }: GenerateOptions,
  { tokens, longest }: Portions,
): boolean {
  const most = Math.max(...rooms.map((room) => room.tokens));
  return (
    batch.rows.length > 1 &&
    most > tokens &&
    batch.past + batch.fed + tokens <= longest &&
    (request.sampling?.temperature ?? 0) === 0
  );
}

/** A row on its way. */
interface Begun {
  /** Place in the batch, and row of the request. */
  b: number;
  row: number;
  written: GenerateRow;
  cached: CachedRow;
}

/**
 * Writes a batch.
 * @param generate one run, whose keys and values are kept
 */
export async function generateInPortions(
  options: GenerateOptions,
  portion: number,
  generate: (options: GenerateOptions) => Promise<GeneratedBatch>,
): Promise<GeneratedBatch> {
  const begun = new Map<number, Begun>();
  let open = options.batch.rows.map((row, b) => ({ b, row }));
  while (open.length > 0) {
    const next = begun.size === 0 ? options : goOn(options, open, begun);
    const rooms = open.map(({ b }) => {
      const { tokens = 0, end = 'length' } = options.rooms[b] ?? {};
      const left = tokens - (begun.get(b)?.written.tokens.length ?? 0);
      return { tokens: Math.min(left, portion), end };
    });
    const { rows, caches } = await generate({ ...next, rooms, keep: true });
    open = open.filter((at, i) => {
      const [more, cached] = [rows[i], caches?.[i]];
      if (!more || !cached) throw new Error('generate: a row is missing');
      const before = begun.get(at.b)?.written;
      const written = before ? { ...more, ...joinWritten(before, more) } : more;
      begun.set(at.b, { ...at, written, cached });
      return more.finish !== 'stop' && written.tokens.length < (options.rooms[at.b]?.tokens ?? 0);
    });
  }
  const all = options.batch.rows.flatMap((_, b) => begun.get(b) ?? []);
  return {
    rows: all.map(({ written }) => written),
    caches: options.request.caches ? all.map(({ cached }) => cached) : null,
  };
}

/** The rows that go on, of which the last token is left to feed. */
function goOn(
  options: GenerateOptions,
  open: readonly { b: number; row: number }[],
  begun: ReadonlyMap<number, Begun>,
): GenerateOptions {
  const written = new Map([...begun.values()].map((one) => [one.row, one.written]));
  const past = open.map(({ b }) => {
    const cached = begun.get(b)?.cached;
    return { cached, reused: cached?.ids.length ?? 0 };
  });
  const batch: Batch = {
    rows: open.map(({ row }) => row),
    past: Math.max(...past.map(({ reused }) => reused)),
    fed: 1,
    padding: options.batch.padding,
  };
  const request = { ...options.request, ...continued(options.request, written) };
  return { ...options, request, batch, past };
}
