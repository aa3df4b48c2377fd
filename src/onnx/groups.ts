/**
 * Attention of grouped queries without copies of keys and values.
 *
 * Exporters write it as they write attention of equal heads: every key and value is first repeated
 * for each query of its group (`Expand`), in every step, over the whole cache. Queries of a group may
 * as well stand in one matrix, `[B, G, n·S, d]` for `[B, G·n, S, d]`, which is multiplied with the
 * group's own keys or values; both shapes are the same numbers in the same order.
 *
 * Dimensions: `B` rows, `G` groups (heads of the cache), `n` queries a group, `S` tokens fed, `T` all.
 */
import type { GraphProto, NodeProto } from 'onnx-buf';
import { GraphWriter } from './build.js';
import { attribute, indexGraph, keepNeeded, producerOf, storedAt } from './graph.js';
import type { GraphIndex } from './graph.js';
import { isSingle, sizes } from './sizes.js';
import { integersOf } from './tensors.js';

/** A product of queries, or of attention weights, with repeated keys or values. */
interface GroupedProduct {
  /** What is repeated, `[B, G, T, d]`. */
  shared: string;
  groups: number;
  heads: number;
  /** What is done between repetition and product, first to last. */
  between: Step[];
  /** What scales the product by a number in the file: runtimes make one of the two. */
  scale: Step | null;
}

interface Step {
  node: NodeProto;
  /** Which of its inputs has the heads. */
  input: number;
}

/** Rewrites such products of a graph, in place. */
export function groupQueries(graph: GraphProto): void {
  // Most decoders have nothing of the kind.
  if (!graph.node.some(({ opType }) => opType === 'Expand')) return;
  const index = indexGraph(graph);
  const writer = new GraphWriter('grouped');
  const moved = new Set<NodeProto>();
  for (const node of index.nodes) {
    const found = isPlainProduct(node) ? groupedProduct(index, node) : null;
    if (found?.scale) moved.add(found.scale.node);
    if (found !== null) multiply(writer, node, found);
    else if (!moved.has(node)) writer.nodes.push(node);
  }
  graph.node = writer.nodes;
  graph.initializer.push(...writer.initializers);
  // ONNX Runtime would still repeat them, for nobody.
  if (writer.initializers.length > 0) keepNeeded(graph);
}

/** Of each head's two matrices, of which ONNX Runtime's own may turn the second one. */
function isPlainProduct({ opType, attribute: own }: NodeProto): boolean {
  if (opType !== 'FusedMatMul') return opType === 'MatMul';
  return own.every(({ name, i }) => name === 'alpha' || name === 'transB' || i === 0n);
}

function multiply(
  writer: GraphWriter,
  node: NodeProto,
  { shared, groups, heads, between, scale }: GroupedProduct,
): void {
  const again = (tensor: string, step: Step): string => {
    const name = writer.unique(step.node.opType);
    const input = step.node.input.with(step.input, tensor);
    writer.nodes.push({ ...step.node, name, input, output: [name] });
    return name;
  };
  const right = between.reduce(again, shared);
  // 0 keeps what stands there, -1 takes what is left.
  const stacked = writer.node('Reshape', [node.input[0] ?? '', writer.ints([0, groups, -1, 0])]);
  const product = again(right, { node: { ...node, input: [stacked, ''] }, input: 1 });
  const scaled = scale === null ? product : again(product, scale);
  const outputs = scale?.node.output ?? node.output;
  writer.node('Reshape', [scaled, writer.ints([0, heads, -1, 0])], { outputs });
}

/** What a product's right side repeats; null where it is another product. */
function groupedProduct(index: GraphIndex, product: NodeProto): GroupedProduct | null {
  const between: Step[] = [];
  for (let name = product.input[1] ?? ''; between.length < 8;) {
    const node = producerOf(index, name);
    if (node === undefined) return null;
    if (node.opType === 'Reshape') {
      const repeated = repetition(index, node);
      const scale = scaleAfter(index, product);
      return repeated && { ...repeated, between: between.reverse(), scale };
    }
    const input = passesHeads(index, node);
    if (input === null) return null;
    between.push({ node, input });
    name = node.input[input] ?? '';
  }
  return null;
}

/** The one step after a product, where it scales it by a stored number. */
function scaleAfter(index: GraphIndex, product: NodeProto): Step | null {
  const [output = ''] = product.output;
  const followers = index.consumers.get(output) ?? [];
  const node = index.nodes[followers[0] ?? -1];
  if (node === undefined || followers.length > 1) return null;
  if (index.graph.output.some(({ name }) => name === output)) return null;
  const input = passesHeads(index, node);
  const other = input === null ? undefined : node.input[1 - input];
  return input !== null && other !== undefined && index.initializers.has(other)
    ? { node, input }
    : null;
}

/** Of a node that does to each head the same, the input that has the heads. */
function passesHeads(
  index: GraphIndex,
  { opType, input, attribute: own }: NodeProto,
): number | null {
  if (opType === 'Cast') return 0;
  if (opType === 'Transpose') {
    const order = own.find(({ name }) => name === 'perm')?.ints.map(Number);
    return order?.join() === '0,1,3,2' ? 0 : null;
  }
  const [left = '', right = ''] = input;
  if ((opType === 'Mul' || opType === 'Div') && isSingle(index, right)) return 0;
  return opType === 'Mul' && isSingle(index, left) ? 1 : null;
}

/**
 * What a reshape merges into heads: `[B, G, T, d]` → `[B, G, 1, T, d]` → `[B, G, n, T, d]` →
 * `[B, G·n, T, d]`.
 */
function repetition(
  index: GraphIndex,
  reshape: NodeProto,
): Pick<GroupedProduct, 'shared' | 'groups' | 'heads'> | null {
  const expand = producerOf(index, reshape.input[0] ?? '');
  const unsqueeze = producerOf(index, expand?.input[0] ?? '');
  if (expand?.opType !== 'Expand' || unsqueeze?.opType !== 'Unsqueeze') return null;
  const axes = storedAt(index, unsqueeze.input[1] ?? '');
  const places =
    axes === undefined ? attribute(unsqueeze, 'axes')?.ints.map(Number) : integersOf(axes);
  const wide = sizes(index, expand.input[1] ?? '');
  const merged = sizes(index, reshape.input[1] ?? '');
  if (places?.join() !== '2' || wide?.length !== 5 || merged?.length !== 4) return null;
  const [groups, each, heads, width] = [wide[1], wide[2], merged[1], merged[3]];
  if (typeof groups !== 'number' || typeof each !== 'number' || groups < 1 || each < 1) return null;
  if (heads !== groups * each || typeof width !== 'number' || width !== wide[4]) return null;
  return { shared: unsqueeze.input[0] ?? '', groups, heads };
}
