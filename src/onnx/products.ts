/** Products of the data with a matrix of weights: where an adapter can be put. */
import type { NodeProto, TensorProto } from 'onnx-buf';
import { attribute, describe, producerOf, storedAt } from './graph.js';
import type { GraphIndex } from './graph.js';
import type { Flow } from './dominators.js';
import { nodeAt } from './residual.js';

/** A matrix behind a node's input. */
export interface WeightSource {
  tensor: TensorProto;
  /** Whether the node sees it with rows and columns exchanged. */
  transposed: boolean;
}

export interface Product {
  /** Index of the node. */
  node: number;
  /** Null where it is quantised. */
  weight: WeightSource | null;
  /** Whether the node takes its weights as `[out, in]`. */
  outFirst: boolean;
  /** `[in, out]`; null where it is quantised. */
  shape: readonly [number, number] | null;
}

const plain = new Set(['MatMul', 'Gemm', 'FusedMatMul']);
const quantised = new Set(
  'MatMulNBits MatMulBnb4 MatMulInteger MatMulIntegerToFloat DynamicQuantizeMatMul QLinearMatMul QGemm GemmFloat8 MatMulFpQ4'.split(
    ' ',
  ),
);

/** All products on the way from the embedding to the logits, by node. */
export function findProducts(index: GraphIndex, flow: Flow): Map<number, Product> {
  const found = [...flow.on].flatMap((i) => productAt(index, i) ?? []);
  return new Map(found.map((product) => [product.node, product]));
}

function productAt(index: GraphIndex, i: number): Product | null {
  const node = nodeAt(index, i);
  const weights = node.input[1] ?? '';
  if (quantised.has(node.opType)) return { node: i, weight: null, outFirst: false, shape: null };
  if (!plain.has(node.opType) || !index.constants.has(weights)) return null;
  const weight = sourceOf(index, weights);
  if (weight === 'quantised') return { node: i, weight: null, outFirst: false, shape: null };
  if (weight?.tensor.dims.length !== 2) return null;
  const outFirst = attribute(node, 'transB')?.i === 1n;
  const [rows = 0, columns = 0] = weight.tensor.dims.map(Number);
  const flipped = weight.transposed !== outFirst;
  return { node: i, weight, outFirst, shape: flipped ? [columns, rows] : [rows, columns] };
}

/** A product that does more than multiply cannot take a sum in its weights. */
export function refuseScaled(index: GraphIndex, { node }: Product): void {
  const found = nodeAt(index, node);
  const alpha = attribute(found, 'alpha')?.f ?? 1;
  const others = ['transA', 'transBatchA', 'transBatchB'].some(
    (name) => (attribute(found, name)?.i ?? 0n) !== 0n,
  );
  if (alpha === 1 && !others) return;
  throw new Error(
    `adapter: ${describe(found)} scales or transposes what it multiplies (expected a plain product); export the model again`,
  );
}

/** Back through casts and transposes to where the numbers are stored. */
function sourceOf(index: GraphIndex, name: string): WeightSource | 'quantised' | null {
  let transposed = false;
  for (let at = name; ;) {
    const tensor = storedAt(index, at);
    if (tensor !== undefined) return { tensor, transposed };
    const node = producerOf(index, at);
    if (node?.opType === 'DequantizeLinear') return 'quantised';
    if (node?.opType === 'Transpose' && turnsMatrix(node)) transposed = !transposed;
    else if (node?.opType !== 'Cast' && node?.opType !== 'Identity') return null;
    at = node.input[0] ?? '';
  }
}

/** Whether a `Transpose` exchanges rows and columns. */
export function turnsMatrix(node: NodeProto): boolean {
  const order = attribute(node, 'perm')?.ints.map(Number);
  return order === undefined || order.join() === '1,0';
}
