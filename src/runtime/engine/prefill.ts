/**
 * A cached row made longer, without generating: where a graph takes several tokens on a cache for
 * one row only, rows are brought to their last token one by one and generate together from there.
 */
import type { DecoderLayout } from '../../onnx/layout.js';
import { inputs, outputs } from '../../onnx/names.js';
import { reusedTokens } from './batches.js';
import type { Batch } from './batches.js';
import type { GenerateRequest } from '../decoder.js';
import { commonFeeds, int64, type Run } from './feeds.js';
import { presentTensors } from './keyValues.js';
import type { CachedRow } from './keyValues.js';
import type { TreatedTokens } from './prefixCache.js';
import type { PlainTensor, Session } from '../session.js';

export interface PrefillOptions {
  layout: DecoderLayout;
  request: GenerateRequest;
  /** Row of the request. */
  row: number;
  /** Its prompt. */
  next: TreatedTokens;
  cached: CachedRow;
  /** Leading tokens of the prompt that the cache gives. */
  reused: number;
}

/** Feeds the prompt from `reused` up to, not including, its last token. */
export async function prefillRow(session: Session, options: PrefillOptions): Promise<CachedRow> {
  const { layout, request, row, next, cached, reused } = options;
  const ids = next.ids.slice(0, -1);
  const batch: Batch = { rows: [row], past: reused, fed: ids.length - reused, padding: 'right' };
  const promptLength = request.promptLengths?.[row] ?? next.ids.length;
  // Only this row is fed; the others keep their places, since steering is given per row.
  const rows = request.prompts.map(() => ({ ids, promptLength }));
  const past = [{ cached, reused: reusedTokens(batch, ids.length) }];
  const { steering } = request;
  const run = { layout, batch, rows, past, steering, project: undefined };
  const results = await runForCache(session, run);
  const treatments = next.treatments.slice(0, -1);
  return { ids, treatments, tensors: presentTensors(layout, results), row: 0, start: 0 };
}

/** A forward for its keys and values; of its readings there are those that tell what is not finite. */
export function runForCache(session: Session, run: Run): Promise<Record<string, PlainTensor>> {
  const count = run.batch.rows.length;
  const nothing = int64(new BigInt64Array(count), [count, 1]);
  const feeds = {
    ...commonFeeds(run),
    [inputs.readPositions]: nothing,
    [inputs.logitsPositions]: nothing,
  };
  const presents = run.layout.cache.map(({ present }) => present);
  return session.run(feeds, [outputs.projections, ...presents]);
}
