/** The attentions of tinyDecoder: one in single operators, one fused. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { float } from '../../src/onnx/build.js';
import type { GraphWriter } from '../../src/onnx/build.js';
import type { TinyContext } from './tinyDecoder.js';

export interface AttentionContext {
  layer: number;
  /** `[B, 1, S, past + S]`, 0 or very negative. */
  mask: string;
  /** `[B, 1, S, headDim]` each; null for learned positions. */
  rotary: { cos: string; sin: string } | null;
}

/** Causal, and blind to the padding. */
export function attentionMask(writer: GraphWriter): string {
  const size = (tensor: string): string =>
    writer.node('Gather', [writer.node('Shape', [tensor]), writer.ints(1)], {
      attributes: { axis: 0 },
    });
  const total = size('attention_mask');
  const past = writer.node('Sub', [total, size('input_ids')]);
  const keys = writer.node('Range', [writer.ints(0), total, writer.ints(1)]);
  const queries = writer.node('Range', [past, total, writer.ints(1)]);
  const column = writer.node('Unsqueeze', [queries, writer.ints([1])]);
  const causal = writer.node('LessOrEqual', [keys, column]);
  const seen = writer.node('Unsqueeze', ['attention_mask', writer.ints([1, 2])]);
  const real = writer.node('Cast', [seen], { attributes: { to: DataType.BOOL } });
  const allowed = writer.node('And', [causal, real]);
  return writer.node('Where', [allowed, writer.scalar(0), writer.scalar(-3.4e38)]);
}

/** Cosines and sines of the position ids. */
export function rotaryTables(context: TinyContext): { cos: string; sin: string } {
  const { writer } = context;
  const frequencies = writer.floats(inverseFrequencies(context), [
    1,
    inverseFrequencies(context).length,
  ]);
  const positions = writer.node(
    'Cast',
    [writer.node('Unsqueeze', ['position_ids', writer.ints([2])])],
    { attributes: { to: DataType.FLOAT } },
  );
  const half = writer.node('MatMul', [positions, frequencies]);
  const angles = writer.node('Concat', [half, half], { attributes: { axis: -1 } });
  const make = (operator: string): string =>
    writer.node('Unsqueeze', [writer.node(operator, [angles]), writer.ints([1])]);
  return { cos: make('Cos'), sin: make('Sin') };
}

function inverseFrequencies({ width, heads }: TinyContext): Float32Array {
  const half = width / heads / 2;
  return Float32Array.from({ length: half }, (_, i) => 10000 ** (-i / half));
}

/** Attention over the cache and the new tokens, in single operators. */
export function selfAttention(
  context: TinyContext,
  h: string,
  { layer, mask, rotary }: AttentionContext,
): string {
  const { writer, linear, width, heads } = context;
  const cache = (part: string, fresh: string): string =>
    writer.node('Concat', [`past_key_values.${layer}.${part}`, fresh], {
      outputs: [`present.${layer}.${part}`],
      attributes: { axis: 2 },
    });
  const project = (): string => {
    const flat = linear(h, width, width);
    const cut = writer.node('Reshape', [flat, writer.ints([0, 0, heads, width / heads])]);
    return writer.node('Transpose', [cut], { attributes: { perm: [0, 2, 1, 3] } });
  };
  const rotate = (x: string): string => (rotary === null ? x : applyRotary(context, x, rotary));
  const [q, k, v] = [rotate(project()), rotate(project()), project()];
  const keys = writer.node('Transpose', [cache('key', k)], { attributes: { perm: [0, 1, 3, 2] } });
  const scale = writer.scalar(Math.sqrt(width / heads));
  const scores = writer.node('Div', [writer.node('MatMul', [q, keys]), scale]);
  const weights = writer.node('Softmax', [writer.node('Add', [scores, mask])], {
    attributes: { axis: -1 },
  });
  const mixed = writer.node('MatMul', [weights, cache('value', v)]);
  const joined = writer.node('Transpose', [mixed], { attributes: { perm: [0, 2, 1, 3] } });
  return linear(writer.node('Reshape', [joined, writer.ints([0, 0, width])]), width, width);
}

/** x·cos + rotate_half(x)·sin */
function applyRotary(
  { writer, width, heads }: TinyContext,
  x: string,
  { cos, sin }: { cos: string; sin: string },
): string {
  const half = width / heads / 2;
  const slice = (from: number, to: number): string =>
    writer.node('Slice', [x, writer.ints([from]), writer.ints([to]), writer.ints([3])]);
  const turned = writer.node(
    'Concat',
    [writer.node('Neg', [slice(half, 2 * half)]), slice(0, half)],
    {
      attributes: { axis: -1 },
    },
  );
  const [a, b] = [writer.node('Mul', [x, cos]), writer.node('Mul', [turned, sin])];
  return writer.node('Add', [a, b]);
}

/** What GroupQueryAttention wants to know of the lengths, and its rotary caches. */
export interface FusedLengths {
  /** int32 `[B]`: valid tokens less one. */
  last: string;
  /** int32 scalar */
  total: string;
  cos: string;
  sin: string;
}

export function seqlens(context: TinyContext): FusedLengths {
  const { writer, maxLength } = context;
  const int32 = (tensor: string): string =>
    writer.node('Cast', [tensor], { attributes: { to: DataType.INT32 } });
  const valid = writer.node('ReduceSum', ['attention_mask', writer.ints([1])], {
    attributes: { keepdims: 0 },
  });
  const shape = writer.node('Shape', ['attention_mask']);
  const total = writer.node('Gather', [shape, writer.ints(1)], { attributes: { axis: 0 } });
  const frequencies = inverseFrequencies(context);
  const table = (f: (x: number) => number): string => {
    const angle = (i: number): number =>
      Math.floor(i / frequencies.length) * (frequencies[i % frequencies.length] ?? 0);
    const values = Float32Array.from({ length: maxLength * frequencies.length }, (_, i) =>
      f(angle(i)),
    );
    return writer.floats(values, [maxLength, frequencies.length]);
  };
  const last = int32(writer.node('Sub', [valid, writer.ints(1)]));
  return { last, total: int32(total), cos: table(Math.cos), sin: table(Math.sin) };
}

/** One `GroupQueryAttention` with rotary positions inside. */
export function groupQueryAttention(
  { writer, linear, width, heads }: TinyContext,
  h: string,
  { layer, last, total, cos, sin }: FusedLengths & { layer: number },
): string {
  const [q, k, v] = [0, 1, 2].map(() => linear(h, width, width));
  const past = ['key', 'value'].map((part) => `past_key_values.${layer}.${part}`);
  const present = ['key', 'value'].map((part) => `present.${layer}.${part}`);
  const inputs = [q ?? '', k ?? '', v ?? '', ...past, last, total, cos, sin];
  const mixed = writer.node('GroupQueryAttention', inputs, {
    outputs: [writer.unique('mixed'), ...present],
    domain: 'com.microsoft',
    attributes: {
      ...{ num_heads: heads, kv_num_heads: heads, do_rotary: 1 },
      scale: float(1 / Math.sqrt(width / heads)),
    },
  });
  return linear(mixed, width, width);
}
