/** Runs of graphs without the instrumentation: the plain loop, and one token per run. */
import type { DecoderLayout } from '../../src/onnx/layout.js';
import { inputs, loopInputs } from '../../src/onnx/names.js';
import { float32, int64 } from '../../src/runtime/engine/feeds.js';
import type { Feeds, PlainTensor, Session } from '../../src/runtime/session.js';

function ints(values: readonly number[], shape: readonly number[]): PlainTensor {
  return int64(BigInt64Array.from(values, BigInt), shape);
}

/** Rows of one length; an empty cache. */
function promptFeeds(
  layout: DecoderLayout,
  rows: readonly number[][],
): Record<string, PlainTensor> {
  const [B, S] = [rows.length, rows[0]?.length ?? 0];
  const feeds: Record<string, PlainTensor> = {
    [layout.inputs.inputIds]: ints(rows.flat(), [B, S]),
    ...maskFeeds(layout, B, S),
    ...positionFeeds(layout, B, rows[0]?.map((_, i) => i) ?? []),
  };
  for (const { past, heads, headDim, type } of layout.cache) {
    const shape = [B, heads, 0, headDim];
    const data = type === 'float16' ? new Uint16Array(0) : new Float32Array(0);
    feeds[past] = { type, data, shape };
  }
  return feeds;
}

function maskFeeds({ inputs: own }: DecoderLayout, rows: number, length: number): Feeds {
  if (own.attentionMask === null) throw new Error('speed: the decoder has no attention mask');
  return { [own.attentionMask]: ints(Array<number>(rows * length).fill(1), [rows, length]) };
}

function positionFeeds({ inputs: own }: DecoderLayout, rows: number, positions: number[]): Feeds {
  if (own.positionIds === null) return {};
  const all = Array.from({ length: rows }, () => positions).flat();
  return { [own.positionIds]: ints(all, [rows, positions.length]) };
}

/** Greedy. */
export function loopFeeds(layout: DecoderLayout, rows: readonly number[][], count: number): Feeds {
  const [B, S] = [rows.length, rows[0]?.length ?? 0];
  return {
    ...promptFeeds(layout, rows),
    [inputs.mask]: float32(new Float32Array(B * S), [B, S]),
    [loopInputs.maxNewTokens]: ints([count], []),
    [loopInputs.room]: ints(Array<number>(B).fill(count), [B]),
    [loopInputs.stop]: ints([-1], [1]),
    [loopInputs.generatedMask]: float32(new Float32Array(B), [B]),
    [loopInputs.temperature]: float32(Float32Array.of(0), []),
    [loopInputs.topP]: float32(Float32Array.of(1), []),
    [loopInputs.topK]: ints([0], []),
    [loopInputs.uniforms]: float32(new Float32Array(count * B), [count, B]),
  };
}

/** Greedy, one run per token; the cache goes to the host and back each time. Rows of tokens. */
export async function stepByStep(
  session: Session,
  layout: DecoderLayout,
  rows: readonly number[][],
  count: number,
): Promise<number[][]> {
  const wanted = [layout.logits.output, ...layout.cache.map(({ present }) => present)];
  const done: number[][] = rows.map(() => []);
  let feeds = promptFeeds(layout, rows);
  let length = rows[0]?.length ?? 0;
  for (let t = 0; t < count; t++) {
    const results = await session.run(feeds, wanted);
    const next = lastArgmax(results[layout.logits.output], layout.vocabulary);
    next.forEach((token, r) => done[r]?.push(token));
    feeds = {
      [layout.inputs.inputIds]: ints(next, [rows.length, 1]),
      ...maskFeeds(layout, rows.length, length + 1),
      ...positionFeeds(layout, rows.length, [length]),
    };
    for (const { past, present } of layout.cache) {
      const tensor = results[present];
      if (tensor) feeds[past] = tensor;
    }
    length++;
  }
  return done;
}

/** Of each row's last position. Bits of float16 are ordered like the numbers, sign apart. */
function lastArgmax(logits: PlainTensor | undefined, vocabulary: number): number[] {
  const [B = 0, S = 0] = logits?.shape ?? [];
  const data = logits?.data ?? new Float32Array(0);
  const half = logits?.type === 'float16';
  return Array.from({ length: B }, (_, b) => {
    const from = ((b + 1) * S - 1) * vocabulary;
    let [best, at] = [-Infinity, 0];
    for (let v = 0; v < vocabulary; v++) {
      const bits = Number(data[from + v]);
      const value = !half || bits < 0x8000 ? bits : 0x8000 - bits;
      if (value > best) [best, at] = [value, v];
    }
    return at;
  });
}
