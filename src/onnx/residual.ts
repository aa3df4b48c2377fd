/**
 * Finds the residual stream from the shape of the graph alone.
 *
 * Between the embedding and the logits, the nodes that every path of the data passes through are
 * the embedding, the sum after each sublayer (one per block where attention and MLP run in
 * parallel), the final norm and the head. Of these, the one that immediately dominates an
 * attention is the input of its block, and thus the output of the block before.
 */
import type { NodeProto } from 'onnx-buf';
import { successors, traceFlow } from './dominators.js';
import type { Flow } from './dominators.js';
import { describe, nameOf } from './graph.js';
import type { GraphIndex } from './graph.js';
import type { BlockOutput } from './layout.js';

/** The stream as found: the path of the data, and each block's output. */
export interface ResidualStream {
  flow: Flow;
  blocks: BlockOutput[];
  /** Per block the index of the node that makes its output. */
  nodes: number[];
  /** Position of the last block's output in `flow.chain`. */
  end: number;
}

/** Fused operators that hold a whole attention. */
const fusedAttention = new Set([
  'Attention',
  'GroupQueryAttention',
  'MultiHeadAttention',
  'DecoderMaskedMultiHeadAttention',
  'DecoderMaskedSelfAttention',
  'PackedMultiHeadAttention',
  'PagedAttention',
  'SparseAttention',
  'ScaledDotProductAttention',
]);

/** Operators that hand attention weights on, element by element, to the product with the values. */
const passesWeights = new Set(
  'Cast Identity Dropout Where IsNaN Slice Reshape Transpose Expand Unsqueeze Squeeze'.split(' '),
);

/** Operators that add a skip connection and normalise the sum: output 3 is the sum. */
const fusedNorms = new Set(['SkipSimplifiedLayerNormalization', 'SkipLayerNormalization']);

/** Which output of a fused norm is the sum that it normalised. */
export const sumOutput = 3;

/**
 * Finds the stream between the embedding of `inputIds` and `logits`.
 *
 * @param cacheLayers number of attention layers that the cache knows, which the blocks must match
 * @throws Error that names the node at which the chain breaks
 */
export function findResidualStream(
  index: GraphIndex,
  ends: { inputIds: string; logits: string; cacheLayers: number },
): ResidualStream {
  const source = findEmbedding(index, ends.inputIds);
  const sink = index.producer.get(ends.logits);
  const flow = sink === undefined ? null : traceFlow(index, source, sink);
  if (flow === null) {
    throw new Error(`residual stream: no path from the embedding to ${ends.logits}`);
  }
  const owners = findOwners(index, flow, ends.cacheLayers);
  const tail = findTail(index, flow, owners);
  const last = findLastOutput(index, flow, owners, tail);
  const preNorm = isPreNorm(index, flow, { owners, last });
  const nodes = [...owners.slice(1), last].map((at) => flow.chain[at] ?? -1);
  const blocks = nodes.map((i) => blockOutput(nodeAt(index, i), preNorm));
  return { flow, blocks, nodes, end: last };
}

/** A node of the index. */
export function nodeAt(index: GraphIndex, i: number): NodeProto {
  const node = index.nodes[i];
  if (node === undefined) throw new Error(`residual stream: no node ${i}`);
  return node;
}

/** The lookup of token ids in a table of weights. */
function findEmbedding(index: GraphIndex, inputIds: string): number {
  const shaping = ['Cast', 'Identity', 'Reshape', 'Unsqueeze', 'Squeeze', 'Flatten', 'Clip'];
  const seen = new Set(index.consumers.get(inputIds) ?? []);
  for (const i of seen) {
    const node = nodeAt(index, i);
    const table = node.input[0] ?? '';
    if (node.opType.startsWith('Gather') && index.constants.has(table)) return i;
    if (shaping.includes(node.opType)) for (const j of successors(index, i)) seen.add(j);
  }
  const found = [...seen].map((i) => nodeAt(index, i).opType).join(', ');
  throw new Error(
    `residual stream: no embedding (expected a Gather of ${inputIds} in a table of weights, found ${found.slice(0, 200) || 'no use of it'})`,
  );
}

/** Positions in the chain of the blocks' inputs. */
function findOwners(index: GraphIndex, flow: Flow, cacheLayers: number): number[] {
  const attentions = findAttentions(index, flow);
  if (attentions.length === 0) {
    throw new Error(
      'residual stream: no attention between the embedding and the logits (expected Softmax before a product, or a fused attention); not a transformer decoder',
    );
  }
  const place = new Map(flow.chain.map((i, at) => [i, at]));
  // Per node the position of the last node in the chain that it depends on; dominators come first.
  const ownerOf = new Map<number, number>();
  for (const i of flow.on) {
    const parent = flow.dominator.get(i) ?? flow.source;
    ownerOf.set(i, place.get(parent) ?? ownerOf.get(parent) ?? 0);
  }
  const byOwner = new Map<number, number>();
  for (const i of attentions) {
    const owner = ownerOf.get(i) ?? 0;
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + 1);
  }
  const owners = [...byOwner.keys()].sort((a, b) => a - b);
  if (owners.length === cacheLayers) return owners;
  const broken = owners.find((owner) => (byOwner.get(owner) ?? 0) > 1) ?? owners.at(-1);
  const from = nodeAt(index, flow.chain[broken ?? 0] ?? -1);
  const to = nodeAt(index, flow.chain[(broken ?? 0) + 1] ?? -1);
  throw new Error(
    `residual stream: found ${owners.length} blocks for ${cacheLayers} cached layers; the chain breaks between ${describe(from)} and ${describe(to)}, which paths pass side by side`,
  );
}

/**
 * Fused attentions, and each Softmax whose weights meet values that come from the data as well.
 * One pass, from the nodes that weights end up in back to where they come from.
 */
function findAttentions(index: GraphIndex, flow: Flow): number[] {
  const leads = new Set<number>();
  for (let i = index.nodes.length - 1; i >= 0; i--) {
    const operator = nodeAt(index, i).opType;
    if (isValueProduct(index, flow, i)) leads.add(i);
    else if (operator === 'Softmax' || passesWeights.has(operator)) {
      const next = successors(index, i).filter((j) => nodeAt(index, j).opType !== 'Softmax');
      if (next.some((j) => leads.has(j))) leads.add(i);
    }
  }
  return [...flow.on].filter((i) => {
    const operator = nodeAt(index, i).opType;
    return fusedAttention.has(operator) || (operator === 'Softmax' && leads.has(i));
  });
}

function isValueProduct(index: GraphIndex, flow: Flow, i: number): boolean {
  const node = nodeAt(index, i);
  const product = /^(MatMul|Einsum|FusedMatMul)$/.test(node.opType);
  return product && flow.on.has(i) && !hasWeights(index, node);
}

function hasWeights(index: GraphIndex, node: NodeProto): boolean {
  return node.input.some((name) => index.constants.has(name));
}

/** A sum of two tensors that both come from the embedding. */
function isResidualSum(index: GraphIndex, flow: Flow, i: number): boolean {
  const node = nodeAt(index, i);
  if (fusedNorms.has(node.opType)) return true;
  if (node.opType !== 'Add' && node.opType !== 'Sum') return false;
  const data = node.input.filter((name) => flow.on.has(index.producer.get(name) ?? -1));
  return data.length >= 2;
}

/**
 * What stands between a block's last sum and its output: nothing in a pre-norm model, the nodes
 * of the norm in a post-norm model.
 */
function findTail(index: GraphIndex, flow: Flow, owners: readonly number[]): string[] {
  const second = owners[1];
  if (second === undefined) return [];
  const tail: string[] = [];
  for (let at = second; at > (owners[0] ?? 0); at--) {
    const i = flow.chain[at] ?? -1;
    if (isResidualSum(index, flow, i)) return tail;
    tail.unshift(nodeAt(index, i).opType);
  }
  return [];
}

/** The last block ends where the others do: at its last sum, and the norm after it if they have one. */
function findLastOutput(
  index: GraphIndex,
  flow: Flow,
  owners: readonly number[],
  tail: readonly string[],
): number {
  const owner = owners.at(-1) ?? 0;
  let sum = flow.chain.length - 1;
  while (sum > owner && !isResidualSum(index, flow, flow.chain[sum] ?? -1)) sum--;
  if (sum === owner) {
    const node = nodeAt(index, flow.chain[owner] ?? -1);
    throw new Error(
      `residual stream: no sum after ${describe(node)}, the input of the last block; its sublayers are not added to the stream`,
    );
  }
  const after = flow.chain.slice(sum + 1, sum + 1 + tail.length);
  const same = tail.every((operator, k) => index.nodes[after[k] ?? -1]?.opType === operator);
  return same ? sum + tail.length : sum;
}

/** Whether a fused norm's sum goes on: then the stream is the sum, not the normed output. */
function handsOnSum(index: GraphIndex, flow: Flow, i: number): boolean {
  const node = nodeAt(index, i);
  if (!fusedNorms.has(node.opType)) return false;
  const sum = node.output[sumOutput] ?? '';
  return (index.consumers.get(sum) ?? []).some((j) => flow.on.has(j));
}

/**
 * Whether the stream is the sums, not what norms make of them. Then fused norms hand their sums
 * on, or blocks end in plain sums; a last fused norm alone is the final one. Where there is but
 * one block, the sum within it tells.
 */
function isPreNorm(
  index: GraphIndex,
  flow: Flow,
  { owners, last }: { owners: readonly number[]; last: number },
): boolean {
  if (flow.chain.some((i) => handsOnSum(index, flow, i))) return true;
  const isPlainSum = (i: number): boolean =>
    isResidualSum(index, flow, i) && !fusedNorms.has(nodeAt(index, i).opType);
  if (owners.length > 1) return owners.slice(1).some((at) => isPlainSum(flow.chain[at] ?? -1));
  const within = flow.chain.slice((owners[0] ?? 0) + 1, last);
  return !within.some((i) => isResidualSum(index, flow, i) && !isPlainSum(i));
}

function blockOutput(node: NodeProto, preNorm: boolean): BlockOutput {
  const fused = fusedNorms.has(node.opType) && preNorm;
  const given = node.output[fused ? sumOutput : 0] ?? '';
  const tensor = given === '' ? `${nameOf(node)}/sum` : given;
  return { node: nameOf(node), operator: node.opType, tensor, fused };
}
