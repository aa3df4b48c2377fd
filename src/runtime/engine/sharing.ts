/**
 * Rows with one prompt and different steering: up to the first steered block's output they are the
 * same row. That lower half of the prefill is computed once; the upper half and what is generated
 * are computed for each.
 *
 * A lower half is always computed as a row of its own, so that what comes out does not depend on
 * which halves were kept from requests before.
 */
import type { CacheTensor, DecoderLayout } from '../../onnx/layout.js';
import { halfStates } from '../../onnx/names.js';
import type { GenerateRequest } from '../decoder.js';
import type { PlainTensor, Session } from '../session.js';
import type { Batch } from './batches.js';
import { firstSlot, slotOf } from './batches.js';
import { commonFeeds } from './feeds.js';
import { floatData, joinPast } from './keyValues.js';
import type { CachedRow, CacheData, KeyValues, PastRow } from './keyValues.js';
import { perRow } from './treatment.js';

/** The share of the prefill that must be saved, and the tokens; opening two graphs costs time. */
const leastShare = 0.25;
const leastTokens = 2000;

/**
 * The last block whose output the request's rows share, where sharing it saves enough; else null.
 * It follows from the request alone.
 */
export function sharedLayer(
  request: GenerateRequest,
  { layers }: Pick<DecoderLayout, 'layers'>,
  { always = false }: { always?: boolean } = {},
): number | null {
  const { prompts, caches, steering } = request;
  if (caches || (steering?.patches ?? []).length > 0) return null;
  // A prompt of one token has nothing before it.
  if (prompts.some(({ length }) => length < 2)) return null;
  const layer = firstSteered(request, layers);
  const distinct = new Map(prompts.map((ids) => [ids.join(), ids.length - 1]));
  const all = prompts.reduce((sum, { length }) => sum + length - 1, 0);
  const once = [...distinct.values()].reduce((sum, length) => sum + length, 0);
  const saved = ((all - once) * (layer + 1)) / layers;
  if (saved <= 0) return null;
  return always || isWorth(saved, all) ? layer : null;
}

/** Whether so many tokens of a prefill, of all of its, are worth opening another graph. */
export function isWorth(saved: number, all: number): boolean {
  return saved >= leastTokens && saved >= leastShare * all;
}

/** The first block after which any row is steered; the last one where none is. */
function firstSteered({ prompts, steering }: GenerateRequest, layers: number): number {
  const { coefficient, ablation } = steering ?? {};
  const acts = (values: Float32Array | undefined, layer: number): boolean =>
    values !== undefined && prompts.some((_, row) => perRow(values, row, layer, layers) !== 0);
  for (let layer = 0; layer < layers; layer++) {
    if (acts(coefficient, layer) || acts(ablation, layer)) return layer;
  }
  return layers - 1;
}

/** Of one prompt without its last token, S tokens. */
interface LowerHalf {
  /** `[S, D]` */
  states: CacheData;
  /** Of the lower half's cache, in the layout's order. */
  row: CachedRow;
  bytes: number;
}

/** Bytes of lower halves that wait for the next request with the same prompt. */
const mostKept = 256 * 2 ** 20;

/** Lower halves of the last prompts, for directions that come one after the other. */
export class KeptHalves {
  readonly #halves = new Map<string, LowerHalf>();
  #bytes = 0;

  get(ids: readonly number[]): LowerHalf | undefined {
    return this.#halves.get(ids.join());
  }

  put(ids: readonly number[], half: LowerHalf): void {
    this.#halves.set(ids.join(), half);
    this.#bytes += half.bytes;
    for (const [key, { bytes }] of this.#halves) {
      if (this.#bytes <= mostKept) return;
      this.#halves.delete(key);
      this.#bytes -= bytes;
    }
  }
}

export interface SharingOptions {
  layout: DecoderLayout;
  request: GenerateRequest;
  /** As planned for whole prompts. */
  batch: Batch;
  lower: Session;
  /** Absent where no keys and values come after the shared block. */
  upper: Session | undefined;
  kept: KeptHalves;
}

export interface SharedPrefill {
  /** The same rows, of which the last token is left to feed. */
  batch: Batch;
  past: PastRow[];
  /** Prompt tokens that were computed, a shared one once. */
  computed: number;
}

/** Brings every row of a batch to its last token. */
export async function prefillShared(options: SharingOptions): Promise<SharedPrefill> {
  const { layout, request, batch, lower, upper } = options;
  const lengths = batch.rows.map((row) => (request.prompts[row]?.length ?? 1) - 1);
  const fed: Batch = { ...batch, past: 0, fed: Math.max(...lengths) };
  const computed = { tokens: 0 };
  const halves: LowerHalf[] = [];
  for (const row of batch.rows) halves.push(await lowerHalf(row, options, computed));
  const above = upper
    ? await upper.run(upperFeeds(options, fed, halves), upper.outputs)
    : ({} as Record<string, PlainTensor>);
  const shared = halves.map(({ row }, b) => ({ cached: row, reused: lengths[b] ?? 0 }));
  const below = lowerCache(layout, lower);
  const tensors = layout.cache.map((tensor): KeyValues => {
    const index = below.indexOf(tensor);
    const { padding, fed: past } = fed;
    const data =
      index < 0
        ? floatData(tensor.present, above[tensor.present])
        : joinPast(shared, index, { ...tensor, past, padding });
    return { data, rows: batch.rows.length, slots: past };
  });
  const past = batch.rows.map((row, b) => {
    const ids = withoutLast(request, row);
    const start = firstSlot(fed, ids.length);
    return { cached: { ids, treatments: [], tensors, row: b, start }, reused: ids.length };
  });
  return {
    batch: { ...batch, past: fed.fed, fed: 1 },
    past,
    computed: computed.tokens + batch.rows.length,
  };
}

function withoutLast({ prompts }: GenerateRequest, row: number): readonly number[] {
  return prompts[row]?.slice(0, -1) ?? [];
}

function lowerCache({ cache }: DecoderLayout, lower: Session): CacheTensor[] {
  return cache.filter(({ present }) => lower.outputs.includes(present));
}

async function lowerHalf(
  row: number,
  { layout, request, batch: { padding }, lower, kept }: SharingOptions,
  computed: { tokens: number },
): Promise<LowerHalf> {
  const ids = withoutLast(request, row);
  const known = kept.get(ids);
  if (known) return known;
  const batch: Batch = { rows: [row], past: 0, fed: ids.length, padding };
  const rows = request.prompts.map(() => ({ ids, promptLength: ids.length }));
  const past = [{ cached: undefined, reused: 0 }];
  const alone = { steering: undefined, project: undefined };
  const results = await lower.run(commonFeeds({ layout, batch, rows, past, ...alone }), [
    ...lower.outputs,
  ]);
  const states = floatData(halfStates, results[halfStates]);
  const tensors = lowerCache(layout, lower).map(({ present }): KeyValues => ({
    data: floatData(present, results[present]),
    rows: 1,
    slots: ids.length,
  }));
  const bytes = tensors.reduce((sum, { data }) => sum + data.byteLength, states.byteLength);
  const half = { states, row: { ids, treatments: [], tensors, row: 0, start: 0 }, bytes };
  kept.put(ids, half);
  computed.tokens += ids.length;
  return half;
}

function upperFeeds(
  { layout, request, batch: { rows: indices } }: SharingOptions,
  batch: Batch,
  halves: readonly LowerHalf[],
): Record<string, PlainTensor> {
  const { prompts, promptLengths, steering } = request;
  const rows = prompts.map((prompt, row) => ({
    ids: prompt.slice(0, -1),
    promptLength: promptLengths?.[row] ?? prompt.length,
  }));
  const past = indices.map(() => ({ cached: undefined, reused: 0 }));
  const { type, width } = layout;
  const size = indices.length * batch.fed * width;
  const states = type === 'float16' ? new Uint16Array(size) : new Float32Array(size);
  halves.forEach(({ states: own, row: { ids } }, b) => {
    states.set(own, (b * batch.fed + slotOf(batch, ids.length, 0)) * width);
  });
  const shape = [indices.length, batch.fed, width];
  return {
    ...commonFeeds({ layout, batch, rows, past, steering, project: undefined }),
    [halfStates]: { type, data: states, shape },
  };
}
