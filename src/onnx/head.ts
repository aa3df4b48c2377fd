/**
 * Finds the LM head, and whether positions can be gathered before it: then the product with the
 * vocabulary, most of a small model's prefill, is computed only where it is wanted.
 */
import type { Flow } from './dominators.js';
import { attribute, nameOf, weightShape } from './graph.js';
import type { GraphIndex } from './graph.js';
import type { LogitsLayout } from './layout.js';
import { nodeAt } from './residual.js';
import type { ResidualStream } from './residual.js';

/** The head, and what its weights say of the model's sizes. */
export interface Head {
  layout: LogitsLayout;
  /** Node whose data input (its first) the gathered states replace; null where that is unsafe. */
  node: number | null;
  /** The states `[B, S, D]` that enter the head. */
  states: string | null;
  width: number | null;
  vocabulary: number | null;
}

/** Products of `[.., D]` with weights `[D, V]` that keep the leading dimensions. */
const products = new Set(['MatMul', 'FusedMatMul', 'MatMulNBits']);
/** What may follow the head (scale, soft cap, bias) or make up the norm before it. */
const elementwise = new Set(
  'Add Sub Mul Div Pow Sqrt Tanh Cast Identity LayerNormalization SimplifiedLayerNormalization RMSNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization'.split(
    ' ',
  ),
);

/** Looks at the nodes between the last block's output and the logits. */
export function findHead(index: GraphIndex, stream: ResidualStream, output: string): Head {
  const { chain } = stream.flow;
  const after = chain.slice(stream.end + 1);
  const at = after.findLastIndex((i) => isProduct(index, i));
  const found = after[at];
  if (found === undefined) return afterwards(output);
  const node = nodeAt(index, found);
  const states = beforeSlice(index, stream.flow, node.input[0] ?? '');
  const path = after.filter((i) => i !== found && i !== states.slice);
  const safe = path.every((i) => elementwise.has(nodeAt(index, i).opType));
  const [width, vocabulary] = sizes(index, found);
  if (!safe) return { ...afterwards(output), width, vocabulary };
  const layout = { output, head: nameOf(node), gatheredBeforeHead: true };
  return { layout, node: found, states: states.tensor, width, vocabulary };
}

function afterwards(output: string): Head {
  const layout = { output, head: null, gatheredBeforeHead: false };
  return { layout, node: null, states: null, width: null, vocabulary: null };
}

function isProduct(index: GraphIndex, i: number): boolean {
  const node = nodeAt(index, i);
  return products.has(node.opType) && node.input.slice(1).every((x) => index.constants.has(x));
}

/** Exporters that keep the last positions only slice the states first; we choose them ourselves. */
function beforeSlice(
  index: GraphIndex,
  flow: Flow,
  tensor: string,
): { tensor: string; slice: number | null } {
  const i = index.producer.get(tensor) ?? -1;
  const node = index.nodes[i];
  const axes = index.initializers.get(node?.input[3] ?? '');
  const bytes = axes?.rawData.length === 8 ? [axes.rawData[0]] : axes?.int64Data.map(Number);
  const alongPositions = bytes?.length === 1 && bytes[0] === 1;
  return node?.opType === 'Slice' && alongPositions && flow.chain.includes(i)
    ? { tensor: node.input[0] ?? tensor, slice: i }
    : { tensor, slice: null };
}

function sizes(index: GraphIndex, i: number): [number | null, number | null] {
  const node = nodeAt(index, i);
  if (node.opType === 'MatMulNBits') {
    return [Number(attribute(node, 'K')?.i ?? 0n), Number(attribute(node, 'N')?.i ?? 0n)];
  }
  const shape = weightShape(index, node.input[1] ?? '');
  const transposed = attribute(node, 'transB')?.i === 1n;
  const [a, b] = transposed ? [shape?.at(-1), shape?.at(-2)] : [shape?.at(-2), shape?.at(-1)];
  return [a ?? null, b ?? null];
}
