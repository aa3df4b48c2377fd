/**
 * Drafts are verified, not decoded: one forward over prompt and draft tells how far the model's own
 * greedy choice agrees, and what it chooses next. A row that writes its draft to the end costs one
 * run; the others go on from where they left it.
 *
 * `B` rows, `S` fed slots, `P` positions, `R` tokens written, `L` layers, `D` width, `K` directions.
 */
import type { DecoderLayout } from '../../onnx/layout.js';
import { inputs, outputs } from '../../onnx/names.js';
import { firstSlot, slotOf } from './batches.js';
import type { Batch } from './batches.js';
import type { GenerateRequest, GenerateRow } from '../decoder.js';
import { commonFeeds, floats, int64, integers } from './feeds.js';
import { presentTensors } from './keyValues.js';
import type { CachedRow, KeyValues, PastRow } from './keyValues.js';
import { slotRectangle } from './padding.js';
import { firstNonFinite, refuseHidden, takeRow } from './readings.js';
import type { PlainTensor, Session } from '../session.js';
import type { Treatments } from './treatment.js';

export interface VerifyOptions {
  layout: DecoderLayout;
  request: GenerateRequest;
  /** Per row of the request; undefined where it is not verified. */
  drafts: readonly (readonly number[] | undefined)[];
  batch: Batch;
  /** Per row of the batch. */
  past: readonly PastRow[];
  treatments: Treatments;
}

type Written = Omit<GenerateRow, 'finish'>;

/** What a row has written when its draft ends, or where it left it. */
export interface VerifiedRow extends Written {
  /** Tokens of the draft that were written; the last token is the model's own. */
  accepted: number;
  /** Prompt and accepted tokens. */
  cached: CachedRow;
}

/** A draft leaves room for the model's own token, and holds none that ends a row. */
export function usableDraft(
  draft: readonly number[],
  { room, stop }: { room: number; stop: ReadonlySet<number> },
): readonly number[] {
  const end = draft.findIndex((id) => stop.has(id));
  return draft.slice(0, Math.max(0, Math.min(room - 1, end < 0 ? draft.length : end)));
}

/** @returns one for each row of the batch, in its order */
export async function verifyBatch(
  session: Session,
  options: VerifyOptions,
): Promise<VerifiedRow[]> {
  const { layout, request, batch } = options;
  const wanted: string[] = [outputs.next, outputs.projections];
  if (request.states) wanted.push(outputs.states);
  const results = await session.run(verifyFeeds(options), [
    ...wanted,
    ...layout.cache.map(({ present }) => present),
  ]);
  const tensors = presentTensors(layout, results);
  return batch.rows.map((_, b) => verifiedRow(b, options, { results, tensors }));
}

function verifyFeeds(options: VerifyOptions): Record<string, PlainTensor> {
  const { layout, request, drafts, batch, past } = options;
  const { prompts, promptLengths, steering, project } = request;
  const rows = prompts.map((prompt, row) => ({
    ids: [...prompt, ...(drafts[row] ?? [])],
    promptLength: promptLengths?.[row] ?? prompt.length,
  }));
  const positions = prompts.map((prompt, row) =>
    Array.from({ length: 1 + (drafts[row]?.length ?? 0) }, (_, t) => prompt.length - 1 + t),
  );
  const lengths = rows.map(({ ids }) => ids.length);
  const { slots, count } = slotRectangle(batch, lengths, positions);
  const decided = int64(slots, [batch.rows.length, count]);
  return {
    ...commonFeeds({ layout, batch, rows, past, steering, project }),
    [inputs.logitsPositions]: decided,
    [inputs.readPositions]: request.states
      ? decided
      : int64(new BigInt64Array(batch.rows.length), [batch.rows.length, 1]),
  };
}

function verifiedRow(
  b: number,
  options: VerifyOptions,
  { results, tensors }: { results: Record<string, PlainTensor>; tensors: readonly KeyValues[] },
): VerifiedRow {
  const { request, drafts, batch, treatments } = options;
  const row = batch.rows[b] ?? 0;
  const prompt = request.prompts[row] ?? [];
  const draft = drafts[row] ?? [];
  const chosen = chosenTokens(b, batch, results[outputs.next]);
  const differs = draft.findIndex((id, t) => id !== chosen[t]);
  const accepted = differs < 0 ? draft.length : differs;
  const tokens = chosen.slice(0, accepted + 1);
  const ids = [...prompt, ...draft.slice(0, accepted)];
  const promptLength = request.promptLengths?.[row] ?? prompt.length;
  const cached = {
    ids,
    treatments: treatments.of({ row, promptLength }, ids.length),
    tensors,
    row: b,
    start: firstSlot(batch, prompt.length + draft.length),
  };
  return { tokens, accepted, cached, ...readRow(b, options, { results, count: tokens.length }) };
}

function chosenTokens(b: number, batch: Batch, next: PlainTensor | undefined): number[] {
  const all = integers(next, outputs.next);
  const count = all.length / batch.rows.length;
  return Array.from(all.subarray(b * count, (b + 1) * count), Number);
}

/** Readings of the boundary token and of the accepted ones, as a loop gives them. */
function readRow(
  b: number,
  { layout, request, drafts, batch }: VerifyOptions,
  { results, count }: { results: Record<string, PlainTensor>; count: number },
): Pick<GenerateRow, 'projections' | 'states'> {
  const { layers, width } = layout;
  const row = batch.rows[b] ?? 0;
  const prompt = request.prompts[row]?.length ?? 0;
  const inner = request.project?.count ?? 1;
  const rows = batch.rows.length;
  const length = prompt + (drafts[row]?.length ?? 0);
  const read = takeRow(floats(results[outputs.projections], outputs.projections), {
    ...{ outer: layers, rows, slots: batch.fed, inner, row: b, count },
    start: slotOf(batch, length, prompt - 1),
  });
  const bad = firstNonFinite(read);
  if (bad >= 0) {
    const at = Math.floor(bad / inner);
    refuseHidden(row, Math.floor(at / count), prompt - 1 + (at % count));
  }
  const nothing = new Float32Array(0);
  const whole = results[outputs.states];
  const states = request.states
    ? takeRow(floats(whole, outputs.states), {
        ...{ outer: layers, rows, slots: whole?.shape[2] ?? 0, inner: width, row: b, count },
        start: 0,
      })
    : nothing;
  return {
    projections: request.project ? tokensFirst(read, { layers, count, inner }) : nothing,
    states: tokensFirst(states, { layers, count, inner: width }),
  };
}

/** `[L, R, inner]` → `[R, L, inner]` */
function tokensFirst(
  data: Float32Array,
  { layers, count, inner }: { layers: number; count: number; inner: number },
): Float32Array {
  const turned = new Float32Array(data.length);
  if (data.length === 0) return turned;
  for (let layer = 0; layer < layers; layer++) {
    for (let t = 0; t < count; t++) {
      const from = (layer * count + t) * inner;
      turned.set(data.subarray(from, from + inner), (t * layers + layer) * inner);
    }
  }
  return turned;
}

/** What a row wrote, and what it wrote after that. */
export function joinWritten(before: Written, after: Written): Written {
  const join = (a: Float32Array, b: Float32Array): Float32Array => {
    const both = new Float32Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  };
  return {
    tokens: [...before.tokens, ...after.tokens],
    projections: join(before.projections, after.projections),
    states: join(before.states, after.states),
  };
}
