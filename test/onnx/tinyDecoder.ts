/**
 * Small decoders with seeded random weights, built in code, that really load in ONNX Runtime.
 *
 * - `unfused`: Llama as the torch exporter writes it: RMSNorm, rotary positions, causal mask and
 *   attention in single operators, SwiGLU; full mask and position ids.
 * - `fused`: the same architecture in ONNX Runtime's fused operators
 *   (`SkipSimplifiedLayerNormalization`, `GroupQueryAttention` with rotary caches).
 * - `parallel`: LayerNorm with bias, learned positions, attention and MLP side by side on one norm.
 * - `post-norm`: norms after the sums (`SkipLayerNormalization`), learned positions.
 * - `sandwich`: RMSNorm before and after each sublayer, scaled embedding, rotary positions.
 */
import { create } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { OperatorSetIdProto, ValueInfoProto } from 'onnx-buf';
import { GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { serializeModel } from '../../src/onnx/model.js';
import { fusedBlocks, plainBlocks } from './tinyBlocks.js';

export type TinyStyle = 'unfused' | 'fused' | 'parallel' | 'post-norm' | 'sandwich';

/** `gemm` flattens rows and positions; `last-slice` keeps the last position; `capped` ends in tanh. */
export type TinyHead = 'matmul' | 'gemm' | 'last-slice' | 'capped';

export interface TinyOptions {
  layers?: number;
  /** A multiple of `heads`; width / heads must be even (a multiple of 16 for `fused`). */
  width?: number;
  heads?: number;
  vocabulary?: number;
  seed?: number;
  style?: TinyStyle;
  /** Longest sequence, for learned positions and rotary caches. */
  maxLength?: number;
  /** Standard deviation of the head's weights: larger means more peaked logits. */
  sharpness?: number;
  head?: TinyHead;
  /** Version of the default operator set, 14 to 21 (`fused`, `parallel`: from 17). */
  opset?: number;
  /** Store weights as float16 and cast them to float32 in the graph. */
  half?: boolean;
  /** Keep the residual stream in float16 (not `fused`, `post-norm`). */
  halfStream?: boolean;
  /** Width inside the MLP of `unfused`, `fused` and `sandwich`; default twice the width. */
  inner?: number;
  /** Makes a weight and returns its name; default: random numbers inside the graph. */
  makeWeight?: (writer: GraphWriter, shape: readonly number[]) => string;
}

/** What the parts of the model share while it is written. */
export interface TinyContext extends Required<Omit<TinyOptions, 'makeWeight'>> {
  writer: GraphWriter;
  /** Normally distributed weights. */
  weight: (shape: readonly number[], deviation: number, mean?: number) => string;
  /** `[B, S, in]` × weights `[in, out]`. */
  linear: (tensor: string, from: number, to: number, bias?: boolean) => string;
}

/** Bytes of the ONNX model. */
export function tinyDecoder(options: TinyOptions = {}): Uint8Array {
  const context = makeContext(options);
  const { writer, style, vocabulary, width } = context;
  const table = context.weight([vocabulary, width], 1);
  const embedded = writer.node('Gather', [table, 'input_ids'], { attributes: { axis: 0 } });
  writeHead(
    context,
    style === 'fused' ? fusedBlocks(context, embedded) : plainBlocks(context, embedded),
  );
  return finish(context);
}

function makeContext({ makeWeight, ...options }: TinyOptions): TinyContext {
  const defaults = { layers: 3, width: 32, heads: 2, vocabulary: 50, seed: 1, maxLength: 256 };
  const plain = { style: 'unfused', head: 'matmul', sharpness: 3, opset: 17 } as const;
  const inner = 2 * (options.width ?? defaults.width);
  const full = { ...defaults, ...plain, half: false, halfStream: false, inner, ...options };
  const writer = new GraphWriter(full.style);
  const normal = normals(full.seed);
  const weight: TinyContext['weight'] = (shape, deviation, mean = 0) => {
    if (makeWeight !== undefined) return makeWeight(writer, shape);
    const length = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length }, () => mean + deviation * normal());
    if (!full.half) return writer.floats(values, shape);
    return writer.node('Cast', [halfWeights(writer, values, shape)], {
      attributes: { to: DataType.FLOAT },
    });
  };
  const linear: TinyContext['linear'] = (tensor, from, to, bias = false) => {
    const product = writer.node('MatMul', [tensor, weight([from, to], 1 / Math.sqrt(from))]);
    return bias ? writer.node('Add', [weight([to], 0.1), product]) : product;
  };
  return { ...full, writer, weight, linear };
}

/** Standard normal numbers from xorshift32 and Box and Muller. */
function normals(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function writeHead(context: TinyContext, states: string): void {
  const { writer, width, vocabulary, head } = context;
  const table = context.weight([width, vocabulary], context.sharpness / Math.sqrt(width));
  const outputs = ['logits'];
  if (head === 'gemm') {
    const flat = writer.node('Reshape', [states, writer.ints([-1, width])]);
    const scores = writer.node('Gemm', [flat, table]);
    const shape = writer.node('Shape', ['input_ids']);
    const whole = writer.node('Concat', [shape, writer.ints([vocabulary])], {
      attributes: { axis: 0 },
    });
    writer.node('Reshape', [scores, whole], { outputs });
  } else if (head === 'capped') {
    const cap = writer.scalar(30);
    const scores = writer.node('Div', [writer.node('MatMul', [states, table]), cap]);
    writer.node('Mul', [writer.node('Tanh', [scores]), cap], { outputs });
  } else {
    const ends = [writer.ints([-1]), writer.ints([2 ** 31 - 1]), writer.ints([1])];
    const kept = head === 'last-slice' ? writer.node('Slice', [states, ...ends]) : states;
    writer.node('MatMul', [kept, table], { outputs });
  }
}

/** Rounds to float16 (normal numbers only; smaller ones become 0). */
function halfWeights(writer: GraphWriter, values: Float32Array, shape: readonly number[]): string {
  const rawData = new Uint8Array(values.length * 2);
  const view = new DataView(rawData.buffer);
  values.forEach((x, i) => {
    const size = Math.abs(x);
    const exponent = Math.floor(Math.log2(size));
    const mantissa = Math.round((size / 2 ** exponent - 1) * 1024);
    const bits = size < 2 ** -14 ? 0 : (exponent + 15) * 1024 + mantissa;
    view.setUint16(i * 2, bits + (x < 0 ? 0x8000 : 0), true);
  });
  const name = writer.unique('half');
  const dims = shape.map(BigInt);
  const dataType = DataType.FLOAT16;
  writer.initializers.push(create(TensorProtoSchema, { name, dims, dataType, rawData }));
  return name;
}

function finish({ writer, style, layers, heads, width, ...more }: TinyContext): Uint8Array {
  const names = ['input_ids', 'attention_mask', ...(style === 'fused' ? [] : ['position_ids'])];
  const input = names.map((name) => valueInfo(name, DataType.INT64, [null, null]));
  const cache = (kind: string): ValueInfoProto[] =>
    Array.from({ length: layers }, (_, l) => [`${kind}.${l}.key`, `${kind}.${l}.value`])
      .flat()
      .map((name) => valueInfo(name, DataType.FLOAT, [null, heads, null, width / heads]));
  const logits = valueInfo('logits', DataType.FLOAT, [null, null, more.vocabulary]);
  const graph = makeGraph('tiny', writer, {
    input: [...input, ...cache('past_key_values')],
    output: [logits, ...cache('present')],
  });
  const opset = (domain: string, version: bigint): OperatorSetIdProto =>
    create(OperatorSetIdProtoSchema, { domain, version });
  const opsetImport = [opset('', BigInt(more.opset)), opset('com.microsoft', 1n)];
  return serializeModel(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}
