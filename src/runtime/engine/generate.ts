/** One generation over a batch: a single run of the loop graph, request to feeds, outputs to rows. */
import { createRandom } from '../../math/random.js';
import type { DecoderLayout } from '../../onnx/layout.js';
import { loopInputs, loopOutputs } from '../../onnx/names.js';
import { firstSlot } from './batches.js';
import type { Batch } from './batches.js';
import type { GenerateRequest, GenerateRow, Sampling } from '../decoder.js';
import { commonFeeds, float32, floats, int64, integers } from './feeds.js';
import { presentTensors } from './keyValues.js';
import type { CachedRow, PastRow } from './keyValues.js';
import { firstNonFinite, refuseHidden, takeRow } from './readings.js';
import type { Feeds, PlainTensor, Session } from '../session.js';
import { defaultPositions } from '../steering.js';
import type { Treatments } from './treatment.js';

/** Rows of the batch, in its order. */
export interface GeneratedBatch {
  rows: GenerateRow[];
  /** Windows on the new keys and values; null where they are not kept. */
  caches: CachedRow[] | null;
}

/** How far a row may go. */
export interface Room {
  /** Tokens it may still have, at least 1. */
  tokens: number;
  /** Why it ends where it has them all. */
  end: 'length' | 'context';
}

export interface GenerateOptions {
  layout: DecoderLayout;
  request: GenerateRequest;
  batch: Batch;
  /** Per row of the batch. */
  past: readonly PastRow[];
  /** Per row of the batch. */
  rooms: readonly Room[];
  treatments: Treatments;
  /** Whether keys and values are kept though the request has no caches. Default false. */
  keep?: boolean;
}

/** Runs one batch; null where the loop reads nothing, and a state was not finite. */
export async function generateBatch(
  session: Session,
  options: GenerateOptions,
): Promise<GeneratedBatch | null> {
  const { layout, request, batch } = options;
  const keep = options.keep ?? request.caches !== undefined;
  const kept = keep ? layout.cache.map((tensor) => tensor.present) : [];
  const reading = session.outputs.includes(loopOutputs.finite)
    ? loopOutputs.finite
    : loopOutputs.projections;
  const wanted: string[] = [loopOutputs.tokens, reading, ...kept];
  if (request.states) wanted.push(loopOutputs.states);
  const results = await session.run(generateFeeds(options), wanted);
  if (reading === loopOutputs.finite && !allFinite(options, results)) return null;
  const rows = batch.rows.map((_, b) => unpackRow(b, options, results));
  return { rows, caches: keep ? keepCaches(options, rows, results) : null };
}

/** Of a row whose prompt leaves no room. */
export function unwrittenRow(): GenerateRow {
  const nothing = (): Float32Array => new Float32Array(0);
  return { tokens: [], finish: 'context', projections: nothing(), states: nothing() };
}

function generateFeeds({ layout, request, batch, past, rooms }: GenerateOptions): Feeds {
  const { prompts, promptLengths, steering, project, sampling, stop } = request;
  const left = rooms.map(({ tokens }) => tokens);
  const most = Math.max(...left);
  const rows = prompts.map((ids, row) => ({
    ids,
    promptLength: promptLengths?.[row] ?? ids.length,
  }));
  const count = batch.rows.length;
  const rule = steering?.positions ?? defaultPositions;
  const generated = new Float32Array(count).fill(steering && rule !== 'prompt' ? 1 : 0);
  const stops = stop.length > 0 ? stop : [-1];
  return {
    ...commonFeeds({ layout, batch, rows, past, steering, project }),
    [loopInputs.maxNewTokens]: scalar(most),
    [loopInputs.room]: int64(BigInt64Array.from(left, BigInt), [count]),
    [loopInputs.stop]: int64(BigInt64Array.from(stops, BigInt), [stops.length]),
    [loopInputs.generatedMask]: float32(generated, [count]),
    [loopInputs.temperature]: float32(Float32Array.of(sampling?.temperature ?? 0), []),
    [loopInputs.topP]: float32(Float32Array.of(sampling?.topP ?? 1), []),
    [loopInputs.topK]: scalar(sampling?.topK ?? 0),
    [loopInputs.uniforms]: float32(uniforms(batch, most, sampling), [most, count]),
    [loopInputs.readStates]: scalar(request.states ? 1 : 0),
  };
}

function scalar(value: number): PlainTensor {
  return int64(BigInt64Array.of(BigInt(value)), []);
}

/**
 * `[T, B]` numbers in [0, 1) with 24 bits, so that float32 holds them exactly and never rounds up
 * to 1. A row's stream depends on its own seed, or on the common seed and its place in the request.
 */
function uniforms(batch: Batch, count: number, sampling: Sampling | undefined): Float32Array {
  const numbers = new Float32Array(count * batch.rows.length);
  if (!sampling || sampling.temperature === 0) return numbers;
  const rows = batch.rows.length;
  batch.rows.forEach((index, b) => {
    const random = createRandom(sampling.rowSeeds?.[index] ?? `${sampling.seed}/${index}`);
    for (let t = 0; t < count; t++) {
      numbers[t * rows + b] = Math.floor(random.next() * 2 ** 24) / 2 ** 24;
    }
  });
  return numbers;
}

function unpackRow(
  b: number,
  options: GenerateOptions,
  results: Record<string, PlainTensor>,
): GenerateRow {
  const { layout, request, batch } = options;
  const { tokens, finish } = unpackTokens(b, options, results);
  if (!results[loopOutputs.projections]) {
    return { tokens, finish, projections: new Float32Array(0), states: new Float32Array(0) };
  }
  const index = batch.rows[b] ?? 0;
  const inner = request.project?.count ?? 1;
  const projections = takeTimeRow(b, options, {
    data: floats(results[loopOutputs.projections], loopOutputs.projections),
    inner,
    count: tokens.length,
  });
  const bad = firstNonFinite(projections);
  if (bad >= 0) {
    const read = Math.floor(bad / inner);
    const boundary = (request.prompts[index]?.length ?? 0) - 1;
    refuseHidden(index, read % layout.layers, boundary + Math.floor(read / layout.layers));
  }
  const states = request.states
    ? takeTimeRow(b, options, {
        data: floats(results[loopOutputs.states], loopOutputs.states),
        inner: layout.width,
        count: tokens.length,
      })
    : new Float32Array(0);
  return {
    tokens,
    finish,
    projections: request.project ? projections : new Float32Array(0),
    states,
  };
}

/** What rows do after their end is not asked. */
function allFinite(options: GenerateOptions, results: Record<string, PlainTensor>): boolean {
  const { rows } = options.batch;
  const finite = floats(results[loopOutputs.finite], loopOutputs.finite);
  return rows.every((_, b) => {
    const { tokens } = unpackTokens(b, options, results);
    return tokens.every((__, t) => finite[t * rows.length + b] === 0);
  });
}

function unpackTokens(
  b: number,
  { request, batch, rooms }: GenerateOptions,
  results: Record<string, PlainTensor>,
): Pick<GenerateRow, 'tokens' | 'finish'> {
  const drawn = integers(results[loopOutputs.tokens], loopOutputs.tokens);
  const rows = batch.rows.length;
  const stop = new Set(request.stop);
  const { tokens: room = 0, end = 'length' } = rooms[b] ?? {};
  const tokens: number[] = [];
  for (let at = b; at < drawn.length; at += rows) {
    const token = Number(drawn[at]);
    tokens.push(token);
    if (stop.has(token)) return { tokens, finish: 'stop' };
    if (tokens.length === room) return { tokens, finish: end };
  }
  throw new Error(
    `generate: the loop ended after ${tokens.length} tokens (expected a stop token or ${room})`,
  );
}

/** One row of `[T', L, B, inner]`: `[count, L, inner]`. */
function takeTimeRow(
  b: number,
  { layout, batch }: GenerateOptions,
  { data, inner, count }: { data: Float32Array; inner: number; count: number },
): Float32Array {
  return takeRow(data, {
    outer: count * layout.layers,
    rows: batch.rows.length,
    slots: 1,
    inner,
    row: b,
    start: 0,
    count: 1,
  });
}

/**
 * What each row leaves in the cache: its prompt and its generated tokens but the last, which was
 * never fed. What idle rows wrote after their end lies behind the window.
 */
function keepCaches(
  { layout, request, batch, treatments }: GenerateOptions,
  rows: readonly GenerateRow[],
  results: Record<string, PlainTensor>,
): CachedRow[] {
  const tensors = presentTensors(layout, results);
  return rows.map((generated, b) => {
    const row = batch.rows[b] ?? 0;
    const prompt = request.prompts[row] ?? [];
    const ids = [...prompt, ...generated.tokens.slice(0, -1)];
    const promptLength = request.promptLengths?.[row] ?? prompt.length;
    return {
      ids,
      treatments: treatments.of({ row, promptLength }, ids.length),
      tensors,
      row: b,
      start: firstSlot(batch, prompt.length),
    };
  });
}
