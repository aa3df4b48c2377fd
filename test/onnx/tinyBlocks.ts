/** The blocks of tinyDecoder: norms, MLPs, and how they meet the residual stream. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { float } from '../../src/onnx/build.js';
import {
  attentionMask,
  groupQueryAttention,
  rotaryTables,
  seqlens,
  selfAttention,
} from './tinyAttention.js';
import type { AttentionContext } from './tinyAttention.js';
import type { TinyContext } from './tinyDecoder.js';

/** Blocks in single operators, and the final norm. */
export function plainBlocks(context: TinyContext, embedded: string): string {
  const { writer, style, layers, width } = context;
  const rotary = style === 'unfused' || style === 'sandwich';
  let h = embedded;
  if (style === 'sandwich') h = writer.node('Mul', [h, writer.scalar(1.5)]);
  if (!rotary) {
    const table = context.weight([context.maxLength, width], 0.3);
    const learned = writer.node('Gather', [table, 'position_ids'], { attributes: { axis: 0 } });
    h = writer.node('Add', [h, learned]);
  }
  if (context.halfStream) h = writer.node('Cast', [h], { attributes: { to: DataType.FLOAT16 } });
  const shared = { mask: attentionMask(writer), rotary: rotary ? rotaryTables(context) : null };
  for (let layer = 0; layer < layers; layer++) h = block(context, h, { ...shared, layer });
  if (style === 'post-norm') return h;
  if (context.halfStream) h = writer.node('Cast', [h], { attributes: { to: DataType.FLOAT } });
  return rotary ? rmsNorm(context, h) : layerNorm(context, h);
}

function block(context: TinyContext, h: string, attention: AttentionContext): string {
  const { writer, style } = context;
  const add = (a: string, b: string): string => writer.node('Add', [a, b]);
  if (style === 'post-norm') {
    const middle = skipNorm(context, h, selfAttention(context, h, attention));
    return skipNorm(context, middle, geluMlp(context, middle));
  }
  const cast = (tensor: string, to: DataType): string =>
    context.halfStream ? writer.node('Cast', [tensor], { attributes: { to } }) : tensor;
  const join = (stream: string, update: string): string =>
    add(stream, cast(update, DataType.FLOAT16));
  if (style === 'parallel') {
    const normed = layerNorm(context, cast(h, DataType.FLOAT));
    return join(h, add(selfAttention(context, normed, attention), geluMlp(context, normed)));
  }
  const before = (x: string): string => rmsNorm(context, cast(x, DataType.FLOAT));
  const after = (x: string): string => (style === 'sandwich' ? rmsNorm(context, x) : x);
  const middle = join(h, after(selfAttention(context, before(h), attention)));
  return join(middle, after(swiglu(context, before(middle))));
}

/** Blocks in fused operators, and the final norm. */
export function fusedBlocks(context: TinyContext, embedded: string): string {
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

function rmsNorm({ writer, weight, width, opset }: TinyContext, h: string): string {
  const square = writer.node('Pow', [h, writer.scalar(2)]);
  const mean =
    opset < 18
      ? writer.node('ReduceMean', [square], { attributes: { axes: [-1], keepdims: 1 } })
      : writer.node('ReduceMean', [square, writer.ints([-1])], { attributes: { keepdims: 1 } });
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

function swiglu({ writer, linear, width, inner }: TinyContext, h: string): string {
  const gate = linear(h, width, inner);
  const active = writer.node('Mul', [gate, writer.node('Sigmoid', [gate])]);
  const up = linear(h, width, inner);
  return linear(writer.node('Mul', [active, up]), inner, width);
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
