/**
 * Weights of fewer bits: every product of the data with a matrix becomes a `MatMulNBits`
 * (com.microsoft), whose weights are whole numbers with one scale per 32 inputs of an output. A step
 * of decoding on a CPU takes the time that its weights take to be read.
 *
 * The data stay in float32 between the products. Inside one, the kernel rounds each row's data to 8
 * bits by blocks of its own (`accuracy_level` 4), so rows of a batch do not depend on each other.
 */
import { create } from '@bufbuild/protobuf';
import {
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from 'onnx-buf';
import type { ModelProto, TensorProto } from 'onnx-buf';
import { makeAttribute } from './build.js';
import { readDecoder } from './inspect.js';
import { parseModel, serializeModel } from './model.js';
import type { Precision } from './precision.js';
import { findProducts } from './products.js';
import type { Product } from './products.js';
import { nodeAt } from './residual.js';
import { dropUnused, readStored, turned } from './storedWeights.js';
import type { ReadExternal } from './storedWeights.js';

const bitsOf = { int8: 8, int4: 4 } as const;

/** Inputs that share a scale: the smallest block, and the most exact one. */
const block = 32;

export interface QuantiseOptions {
  precision: Exclude<Precision, 'stored'>;
  /** Default: no weights lie beside the graph. */
  external?: ReadExternal;
}

/**
 * Bytes of the decoder with quantised weights. Products that scale, or that a graph holds quantised
 * already, stay as they are.
 *
 * @param model bytes of the ONNX file
 * @throws Error where the bytes are no decoder, or hold no product that can be quantised
 */
export function quantise(model: Uint8Array, { precision, external }: QuantiseOptions): Uint8Array {
  const { index, stream } = readDecoder(model);
  // The file as it came: looking through it has rewritten what the edits need.
  const { model: file, graph } = parseModel(model);
  const nodes = new Map(graph.node.map((node) => [node.output.join('\n'), node]));
  const replaced: string[] = [];
  for (const product of findProducts(index, stream.flow).values()) {
    const node = nodes.get(nodeAt(index, product.node).output.join('\n'));
    if (node?.opType !== 'MatMul' || !isFloat(product.weight?.tensor)) continue;
    const { tensors, attributes } = quantised(product, { bits: bitsOf[precision], external });
    const [data = '', weights = ''] = node.input;
    const names = tensors.map(({ name }) => `quantised/${node.output[0] ?? ''}.${name}`);
    graph.initializer.push(...tensors.map((tensor, i) => ({ ...tensor, name: names[i] ?? '' })));
    Object.assign(node, {
      opType: 'MatMulNBits',
      domain: 'com.microsoft',
      input: [data, ...names],
      attribute: Object.entries(attributes).map(makeAttribute),
    });
    replaced.push(weights);
  }
  if (replaced.length === 0) {
    throw new Error(
      'model: it has no float weights that could be rounded to fewer bits; leave the precision out',
    );
  }
  dropUnused(graph, replaced);
  importContrib(file);
  return serializeModel(file);
}

function isFloat(tensor: TensorProto | undefined): boolean {
  const type: DataType | undefined = tensor?.dataType;
  return type === DataType.FLOAT || type === DataType.FLOAT16 || type === DataType.BFLOAT16;
}

/** Rounded weights `[N, blocks, bytes]` and their scales `[N, blocks]`, K inputs and N outputs. */
function quantised(
  { weight, outFirst, shape }: Product,
  { bits, external }: { bits: 8 | 4; external: ReadExternal | undefined },
): { tensors: TensorProto[]; attributes: Record<string, number> } {
  if (!weight || !shape) throw new Error('quantise: a product without weights');
  const [K, N] = shape;
  const stored = readStored(weight.tensor, external);
  // As the node sees it, [K, N] where inputs come first; wanted is a row of inputs per output.
  const rowsAreInputs = weight.transposed === outFirst;
  const rows = rowsAreInputs ? turned(stored, K, N) : stored;
  const blocks = Math.ceil(K / block);
  const bytes = (block * bits) / 8;
  const packed = new Uint8Array(N * blocks * bytes);
  const scales = new Float32Array(N * blocks);
  const middle = 2 ** (bits - 1);
  for (let at = 0; at < scales.length; at++) {
    const from = Math.floor(at / blocks) * K + (at % blocks) * block;
    const length = Math.min(block, K - (at % blocks) * block);
    let largest = 0;
    for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(rows[from + i] ?? 0));
    const scale = largest / (middle - 1);
    scales[at] = scale;
    for (let i = 0; i < block; i++) {
      const value = i < length && scale > 0 ? Math.round((rows[from + i] ?? 0) / scale) : 0;
      const byte = at * bytes + (bits === 8 ? i : i >> 1);
      const whole = value + middle;
      packed[byte] = bits === 8 || i % 2 === 0 ? whole : (packed[byte] ?? 0) | (whole << 4);
    }
  }
  return {
    tensors: [
      tensor('weight', DataType.UINT8, { dims: [N, blocks, bytes], data: packed }),
      tensor('scale', DataType.FLOAT, { dims: [N * blocks], data: scales }),
    ],
    attributes: { K, N, bits, block_size: block, accuracy_level: 4 },
  };
}

function tensor(
  name: string,
  dataType: DataType,
  { dims, data }: { dims: number[]; data: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> },
): TensorProto {
  const rawData = new Uint8Array(data.buffer);
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData });
}

function importContrib({ opsetImport }: ModelProto): void {
  const domain = 'com.microsoft';
  if (opsetImport.some((known) => known.domain === domain)) return;
  opsetImport.push(create(OperatorSetIdProtoSchema, { domain, version: 1n }));
}
