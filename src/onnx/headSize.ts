/** The width of a head where the cache's shape does not say it. */
import type { NodeProto } from 'onnx-buf';
import { attribute, weightShape } from './graph.js';
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
  const node = index.nodes[index.producer.get(tensor) ?? -1];
  if (node === undefined) return null;
  const [data = '', weights = ''] = node.input;
  const columns = (axis: number): Product | null => {
    const width = weightShape(index, weights)?.at(axis);
    return width === undefined ? null : { width, split: false };
  };
  switch (node.opType) {
    case 'MatMul':
      return columns(-1);
    case 'Gemm':
      return columns(count(node, 'transB') === 1 ? 0 : -1);
    case 'MatMulNBits':
      return { width: count(node, 'N'), split: false };
    case 'Add':
      return findProduct(index, index.producer.has(data) ? data : weights);
    case 'Split': {
      const whole = findProduct(index, data);
      return whole && { ...whole, split: true };
    }
    case 'Cast':
    case 'Identity':
    case 'Reshape':
      return findProduct(index, data);
    default:
      return null;
  }
}
