/**
 * A decoder of a given shape with random fp16 weights, in ONNX Runtime's fused operators: the graph
 * that exporters write for CUDA. `weights.json` beside it says where each weight lies, by its name
 * in Hugging Face's models, so that PyTorch computes with the same bits.
 */
import { create } from '@bufbuild/protobuf';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import { GraphWriter, float, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { serializeModel } from '../../src/onnx/model.js';
import { moveOut } from '../../test/onnx/tinyExternal.js';
import type { DecoderShape } from './shapes.js';
import { WeightFile } from './weights.js';
import type { StoredWeight } from './weights.js';

const epsilon = 1e-6;
const microsoft = 'com.microsoft';
const dataFile = 'model.onnx_data';

/** Writes the decoder into `<folder>/<name>` unless it is there; returns the ONNX file. */
export function makeDecoder(shape: DecoderShape, folder: string, seed = 1): string {
  const own = join(folder, `${shape.name}-seed${seed}`);
  const file = join(own, 'model.onnx');
  if (existsSync(file)) return file;
  mkdirSync(own, { recursive: true });
  const weights = new WeightFile(join(own, dataFile), seed);
  const graph = new DecoderWriter(shape, weights).write();
  weights.close();
  const stored = Object.fromEntries(weights.stored);
  writeFileSync(join(own, 'weights.json'), JSON.stringify({ shape, epsilon, file: dataFile, weights: stored })); // prettier-ignore
  // The graph comes last: where it is, everything is.
  writeFileSync(file, graph);
  return file;
}

class DecoderWriter {
  readonly #w = new GraphWriter('decoder');

  constructor(
    readonly shape: DecoderShape,
    readonly weights: WeightFile,
  ) {}

  write(): Uint8Array {
    const w = this.#w;
    const { family, layers, width, vocabulary } = this.shape;
    const scale = family === 'gemma' ? Math.sqrt(width) : 1;
    const table = this.#normal('model.embed_tokens', [vocabulary, width], 1 / scale);
    let h = w.node('Gather', [table, 'input_ids'], { attributes: { axis: 0 } });
    if (family === 'gemma') {
      h = w.node('Mul', [h, this.#numbers('embedding_scale', [], Float64Array.of(scale))]);
    }
    const lengths = this.#lengths();
    let normed = w.node(
      'SimplifiedLayerNormalization',
      [h, this.#gamma('model.layers.0.input_layernorm')],
      { attributes: { axis: -1, epsilon: float(epsilon), stash_type: 1 } },
    );
    for (let l = 0; l < layers; l++) {
      const name = `model.layers.${l}`;
      const attention = this.#attention(normed, name, { ...lengths, layer: l });
      [h, normed] = this.#skip(h, attention, `${name}.post_attention_layernorm`);
      const next = l + 1 < layers ? `model.layers.${l + 1}.input_layernorm` : 'model.norm';
      [h, normed] = this.#skip(h, this.#mlp(normed, name), next);
    }
    const head = this.#normal('lm_head', [width, vocabulary], 3 / Math.sqrt(width));
    w.node('MatMul', [normed, head], { outputs: ['logits'] });
    return this.#finish();
  }

  /** The sum and its norm. */
  #skip(h: string, update: string, norm: string): [string, string] {
    const [normed, sum] = [this.#w.unique('normed'), this.#w.unique('sum')];
    this.#w.node('SkipSimplifiedLayerNormalization', [h, update, this.#gamma(norm)], {
      outputs: [normed, '', '', sum],
      domain: microsoft,
      attributes: { epsilon: float(epsilon) },
    });
    return [sum, normed];
  }

  #attention(
    x: string,
    name: string,
    {
      layer,
      last,
      total,
      cos,
      sin,
    }: Record<'last' | 'total' | 'cos' | 'sin', string> & {
      layer: number;
    },
  ): string {
    const { width, heads, sharedHeads, headDim } = this.shape;
    const own = `${name}.self_attn`;
    const of = (part: string, count: number): string =>
      this.#linear(x, `${own}.${part}_proj`, [width, count * headDim]);
    const [q, k, v] = [of('q', heads), of('k', sharedHeads), of('v', sharedHeads)];
    const past = [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`];
    const mixed = this.#w.unique('mixed');
    this.#w.node('GroupQueryAttention', [q, k, v, ...past, last, total, cos, sin], {
      outputs: [mixed, `present.${layer}.key`, `present.${layer}.value`],
      domain: microsoft,
      attributes: {
        ...{ num_heads: heads, kv_num_heads: sharedHeads, do_rotary: 1 },
        scale: float(1 / Math.sqrt(headDim)),
      },
    });
    return this.#linear(mixed, `${own}.o_proj`, [heads * headDim, width]);
  }

  #mlp(x: string, name: string): string {
    const { family, width, inner } = this.shape;
    const w = this.#w;
    const gate = this.#linear(x, `${name}.mlp.gate_proj`, [width, inner]);
    const active =
      family === 'gemma'
        ? w.node('FastGelu', [gate], { domain: microsoft })
        : w.node('Mul', [gate, w.node('Sigmoid', [gate])]);
    const up = this.#linear(x, `${name}.mlp.up_proj`, [width, inner]);
    return this.#linear(w.node('Mul', [active, up]), `${name}.mlp.down_proj`, [inner, width]);
  }

  /** What the attention wants to know of the lengths, and its rotary tables. */
  #lengths(): Record<'last' | 'total' | 'cos' | 'sin', string> {
    const w = this.#w;
    const { headDim, maxLength, theta } = this.shape;
    const int32 = (tensor: string): string =>
      w.node('Cast', [tensor], { attributes: { to: DataType.INT32 } });
    const valid = w.node('ReduceSum', ['attention_mask', w.ints([1])], {
      attributes: { keepdims: 0 },
    });
    const size = w.node('Gather', [w.node('Shape', ['attention_mask']), w.ints(1)], {
      attributes: { axis: 0 },
    });
    const half = headDim / 2;
    const table = (f: (x: number) => number): Float64Array =>
      Float64Array.from({ length: maxLength * half }, (_, i) =>
        f(Math.floor(i / half) * theta ** (-(i % half) / half)),
      );
    return {
      last: int32(w.node('Sub', [valid, w.ints(1)])),
      total: int32(size),
      cos: this.#numbers('cos', [maxLength, half], table(Math.cos)),
      sin: this.#numbers('sin', [maxLength, half], table(Math.sin)),
    };
  }

  #linear(x: string, name: string, shape: readonly [number, number]): string {
    const weight = this.#normal(name, shape, 1 / Math.sqrt(shape[0]));
    return this.#w.node('MatMul', [x, weight]);
  }

  /** Between ½ and 2, so that it is exact in fp16 also with 1 taken off, as Gemma stores it. */
  #gamma(name: string): string {
    return this.#normal(name, [this.shape.width], 0.05, 1);
  }

  #normal(name: string, shape: readonly number[], deviation: number, mean = 0): string {
    return this.#external(name, this.weights.normal(name, shape, deviation, mean));
  }

  #numbers(name: string, shape: readonly number[], values: Float64Array): string {
    return this.#external(name, this.weights.numbers(name, shape, values));
  }

  #external(name: string, { shape, offset, length }: StoredWeight): string {
    const dims = shape.map(BigInt);
    const tensor = create(TensorProtoSchema, { name, dims, dataType: DataType.FLOAT16 });
    moveOut(tensor, { location: dataFile, offset: String(offset), length: String(length) });
    this.#w.initializers.push(tensor);
    return name;
  }

  #finish(): Uint8Array {
    const { layers, sharedHeads, headDim, vocabulary, name } = this.shape;
    const tokens = ['input_ids', 'attention_mask'].map((input) =>
      valueInfo(input, DataType.INT64, [null, null]),
    );
    const cache = (kind: string): ValueInfoProto[] =>
      Array.from({ length: layers }, (_, l) => [`${kind}.${l}.key`, `${kind}.${l}.value`])
        .flat()
        .map((tensor) => valueInfo(tensor, DataType.FLOAT16, [null, sharedHeads, null, headDim]));
    const logits = valueInfo('logits', DataType.FLOAT16, [null, null, vocabulary]);
    const graph = makeGraph(name, this.#w, {
      input: [...tokens, ...cache('past_key_values')],
      output: [logits, ...cache('present')],
    });
    const opsetImport = [
      create(OperatorSetIdProtoSchema, { domain: '', version: 17n }),
      create(OperatorSetIdProtoSchema, { domain: microsoft, version: 1n }),
    ];
    return serializeModel(create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
  }
}
