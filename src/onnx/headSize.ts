/** The width of a head where the cache's shape does not say it. */
import type { NodeProto } from 'onnx-buf';
import { attribute, producerOf, weightShape } from './graph.js';
import type { GraphIndex } from './graph.js';

/** Inputs of `GroupQueryAttention` (ONNX Runtime): query or all three packed, key, value, past key. */
const query = 0;
const value = 2;

/**
 * The width of a head of the `GroupQueryAttention` that reads a past tensor, from the product that
 * makes its values (or queries, keys and values packed). Null where it has another origin.
 *
 * ONNX Runtime GenAI's builder leaves that dimension of the cache symbolic.
 */
export function fusedHeadSize(index: GraphIndex, past: string): number | null {
  const node = (index.consumers.get(past) ?? [])
    .map((i) => index.nodes[i])
    .find((consumer) => consumer?.opType === 'GroupQueryAttention');
  if (node === undefined) return null;
  const [heads, shared] = [count(node, 'num_heads'), count(node, 'kv_num_heads')];
  const alone = node.input[value] ?? '';
  const product = findProduct(index, alone === '' ? (node.input[query] ?? '') : alone);
  if (product === null) return null;
  const parts = alone === '' || product.split ? heads + 2 * shared : shared;
  return parts > 0 && product.width % parts === 0 ? product.width / parts : null;
}

function count(node: NodeProto, name: string): number {
  return Number(attribute(node, name)?.i ?? 0);
}

/** A product with weights, and whether what was asked for is a part of what it makes. */
interface Product {
  width: number;
  split: boolean;
}

/** The product behind a tensor, through biases, splits and changes of shape. */
function findProduct(index: GraphIndex, tensor: string): Product | null {
  let split = false;
  // A loop, since a chain of them may be longer than the stack is deep.
  for (let name = tensor; ;) {
    const node = producerOf(index, name);
    const [data = '', weights = ''] = node?.input ?? [];
    if (node?.opType === 'Add') name = index.producer.has(data) ? data : weights;
    else if (/^(Split|Cast|Identity|Reshape)$/.test(node?.opType ?? '')) name = data;
    else return node === undefined ? null : productOf(index, node, split);
    split ||= node?.opType === 'Split';
  }
}

function productOf(index: GraphIndex, node: NodeProto, split: boolean): Product | null {
  if (node.opType === 'MatMulNBits') return { width: count(node, 'N'), split };
  if (node.opType !== 'MatMul' && node.opType !== 'Gemm') return null;
  const axis = count(node, 'transB') === 1 ? 0 : -1;
  const width = weightShape(index, node.input[1] ?? '')?.at(axis);
  return width === undefined ? null : { width, split };
}
