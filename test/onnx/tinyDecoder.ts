/**
 * Small decoders with seeded random weights, built in code, that really load in ONNX Runtime.
 *
 * - `unfused`: Llama as the torch exporter writes it: RMSNorm, rotary positions, causal mask and
 *   attention in single operators, SwiGLU; full mask and position ids.
 * - `fused`: the same architecture in ONNX Runtime's fused operators
 *   (`SkipSimplifiedLayerNormalization`, `GroupQueryAttention` with rotary caches).
 * - `parallel`: LayerNorm with bias, learned positions, attention and MLP side by side on one norm.
 * - `post-norm`: norms after the sums (`SkipLayerNormalization`), learned positions.
 */
import { create } from '@bufbuild/protobuf';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import { float, GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { serializeModel } from '../../src/onnx/model.js';
import {
  attentionMask,
  groupQueryAttention,
  rotaryTables,
  seqlens,
  selfAttention,
} from './tinyAttention.js';
import type { AttentionContext } from './tinyAttention.js';

export type TinyStyle = 'unfused' | 'fused' | 'parallel' | 'post-norm';

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
}

/** What the parts of the model share while it is written. */
export interface TinyContext extends Required<TinyOptions> {
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
  const states =
    style === 'fused' ? fusedBlocks(context, embedded) : plainBlocks(context, embedded);
  const head = context.weight([width, vocabulary], context.sharpness / Math.sqrt(width));
  writer.node('MatMul', [states, head], { outputs: ['logits'] });
  return finish(context);
}

function makeContext(options: TinyOptions): TinyContext {
  const defaults = { layers: 3, width: 32, heads: 2, vocabulary: 50, seed: 1, maxLength: 256 };
  const full = { ...defaults, style: 'unfused' as const, sharpness: 3, ...options };
  const writer = new GraphWriter(full.style);
  const normal = normals(full.seed);
  const weight: TinyContext['weight'] = (shape, deviation, mean = 0) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return writer.floats(
      Float32Array.from({ length: count }, () => mean + deviation * normal()),
      shape,
    );
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

function plainBlocks(context: TinyContext, embedded: string): string {
  const { writer, style, layers, width } = context;
  const rotary = style === 'unfused';
  let h = embedded;
  if (!rotary) {
    const table = context.weight([context.maxLength, width], 0.3);
    const learned = writer.node('Gather', [table, 'position_ids'], { attributes: { axis: 0 } });
    h = writer.node('Add', [h, learned]);
  }
  const shared = { mask: attentionMask(writer), rotary: rotary ? rotaryTables(context) : null };
  for (let layer = 0; layer < layers; layer++) h = block(context, h, { ...shared, layer });
  if (style === 'post-norm') return h;
  return rotary ? rmsNorm(context, h) : layerNorm(context, h);
}

function block(context: TinyContext, h: string, attention: AttentionContext): string {
  const { writer, style } = context;
  const add = (a: string, b: string): string => writer.node('Add', [a, b]);
  if (style === 'parallel') {
    const normed = layerNorm(context, h);
    return add(h, add(selfAttention(context, normed, attention), geluMlp(context, normed)));
  }
  if (style === 'post-norm') {
    const middle = skipNorm(context, h, selfAttention(context, h, attention));
    return skipNorm(context, middle, geluMlp(context, middle));
  }
  const middle = add(h, selfAttention(context, rmsNorm(context, h), attention));
  return add(middle, swiglu(context, rmsNorm(context, middle)));
}

function fusedBlocks(context: TinyContext, embedded: string): string {
  const { writer, layers, width } = context;
  const lengths = seqlens(context);
  const gamma = (): string => context.weight([width], 0.1, 1);
  const epsilon = float(1e-6);
  let normed = writer.node('SimplifiedLayerNormalization', [embedded, gamma()], {
    attributes: { axis: -1, epsilon, stash_type: 1 },
  });
  let h = embedded;
  const skip = (update: string, last: boolean): void => {
    const sum = writer.unique('sum');
    const output = writer.unique('normed');
    writer.node('SkipSimplifiedLayerNormalization', [h, update, gamma()], {
      outputs: last ? [output] : [output, '', '', sum],
      domain: 'com.microsoft',
      attributes: { epsilon },
    });
    [h, normed] = [sum, output];
  };
  for (let layer = 0; layer < layers; layer++) {
    skip(groupQueryAttention(context, normed, { ...lengths, layer }), false);
    skip(swiglu(context, normed), layer === layers - 1);
  }
  return normed;
}

function rmsNorm({ writer, weight, width }: TinyContext, h: string): string {
  const square = writer.node('Pow', [h, writer.scalar(2)]);
  const mean = writer.node('ReduceMean', [square], { attributes: { axes: [-1], keepdims: 1 } });
  const root = writer.node('Sqrt', [writer.node('Add', [mean, writer.scalar(1e-6)])]);
  const scaled = writer.node('Mul', [h, writer.node('Reciprocal', [root])]);
  return writer.node('Mul', [weight([width], 0.1, 1), scaled]);
}

function layerNorm({ writer, weight, width }: TinyContext, h: string): string {
  return writer.node('LayerNormalization', [h, weight([width], 0.1, 1), weight([width], 0.1)], {
    attributes: { axis: -1, epsilon: float(1e-5) },
  });
}

function skipNorm({ writer, weight, width }: TinyContext, h: string, update: string): string {
  const parameters = [weight([width], 0.1, 1), weight([width], 0.1)];
  return writer.node('SkipLayerNormalization', [h, update, ...parameters], {
    domain: 'com.microsoft',
    attributes: { epsilon: float(1e-5) },
  });
}

function swiglu({ writer, linear, width }: TinyContext, h: string): string {
  const gate = linear(h, width, 2 * width);
  const active = writer.node('Mul', [gate, writer.node('Sigmoid', [gate])]);
  const up = linear(h, width, 2 * width);
  return linear(writer.node('Mul', [active, up]), 2 * width, width);
}

function geluMlp({ writer, linear, width }: TinyContext, h: string): string {
  const inner = linear(h, width, 4 * width, true);
  const erf = writer.node('Erf', [writer.node('Div', [inner, writer.scalar(Math.SQRT2)])]);
  const gate = writer.node('Mul', [
    writer.node('Add', [erf, writer.scalar(1)]),
    writer.scalar(0.5),
  ]);
  return linear(writer.node('Mul', [inner, gate]), 4 * width, width, true);
}

function finish({ writer, style, layers, heads, width, vocabulary }: TinyContext): Uint8Array {
  const names = ['input_ids', 'attention_mask', ...(style === 'fused' ? [] : ['position_ids'])];
  const input = names.map((name) => valueInfo(name, DataType.INT64, [null, null]));
  const cache = (kind: string): ValueInfoProto[] =>
    Array.from({ length: layers }, (_, l) => [`${kind}.${l}.key`, `${kind}.${l}.value`])
      .flat()
      .map((name) => valueInfo(name, DataType.FLOAT, [null, heads, null, width / heads]));
  const logits = valueInfo('logits', DataType.FLOAT, [null, null, vocabulary]);
  const graph = makeGraph('tiny', writer, {
    input: [...input, ...cache('past_key_values')],
    output: [logits, ...cache('present')],
  });
  const opset = (
    domain: string,
    version: bigint,
  ): ReturnType<typeof create<typeof OperatorSetIdProtoSchema>> =>
    create(OperatorSetIdProtoSchema, { domain, version });
  const opsetImport = [opset('', 17n), opset('com.microsoft', 1n)];
  return serializeModel(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}
