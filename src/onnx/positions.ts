/**
 * How many positions a decoder has, as far as its graph says: by the rows of its rotary caches, of
 * its table of learned positions, and of masks and tables that it cuts to the length of the text.
 *
 * Only what is certain counts. Indices must lead back to position ids, to a `Range`, or to the
 * running sum of the attention mask, in steps that move them by constants alone: a table of relative
 * distances, of few rows, is reached by other ways. A sliding window is no limit, and rotary tables
 * that are computed from position ids have none.
 */
import type { NodeProto, TensorProto } from 'onnx-buf';
import { attribute, producerOf, storedAt } from './graph.js';
import type { GraphIndex } from './graph.js';
import type { DecoderInputs, PositionLimits } from './layout.js';
import { integersOf } from './tensors.js';

interface Found {
  rows: number;
  source: string;
  /** Whether padding counts too, since the length of the whole batch is what meets the limit. */
  padded: boolean;
}

/** The least of what the graph says; null where it says nothing. */
export function findPositionLimits(index: GraphIndex, inputs: DecoderInputs): PositionLimits {
  const found = index.nodes
    .flatMap((node) => limitsOf(index, node, inputs))
    .filter(({ rows }) => rows >= 1);
  const padded = found.filter((limit) => limit.padded).map(({ rows }) => rows);
  const least = found.reduce<Found | null>(
    (best, limit) => (best === null || limit.rows < best.rows ? limit : best),
    null,
  );
  return {
    context: least && { positions: least.rows, source: least.source },
    slots: padded.length > 0 ? Math.min(...padded) : null,
  };
}

function limitsOf(index: GraphIndex, node: NodeProto, inputs: DecoderInputs): Found[] {
  switch (node.opType) {
    case 'GroupQueryAttention':
      return rotaryCache(index, node.input[7], true);
    case 'RotaryEmbedding':
      // ONNX's own has the positions last, ONNX Runtime's second.
      return rotaryCache(index, node.input[node.domain === '' ? 1 : 2], false);
    case 'Gather':
    case 'GatherElements':
      return learnedTable(index, node, inputs);
    case 'Slice':
      return cutTable(index, node);
    default:
      return [];
  }
}

function rotaryCache(index: GraphIndex, cache: string | undefined, padded: boolean): Found[] {
  const sizes = branchSizes(index, cache ?? '');
  if (sizes.length === 0) return [];
  return [{ rows: Math.max(...sizes), source: 'rotary cache in the graph', padded }];
}

/** Rows of a table `[positions, …]`; of an `If` between two, of both. */
function branchSizes(index: GraphIndex, tensor: string): number[] {
  const own = tableShape(index, tensor);
  if (own !== null) return own.length === 2 ? [own[0] ?? 0] : [];
  const node = producerOf(index, tensor);
  if (node?.opType !== 'If') return [];
  const place = node.output.indexOf(tensor);
  return node.attribute.flatMap(({ g }) => {
    const name = g?.output[place]?.name;
    const weight = g?.initializer.find((one) => one.name === name);
    const made = g?.node.find(({ output }) => output[0] === name);
    const constant = made === undefined ? undefined : attribute(made, 'value')?.t;
    const shape = (weight ?? constant)?.dims.map(Number) ?? tableShape(index, made?.input[0] ?? '');
    return shape?.length === 2 ? [shape[0] ?? 0] : [];
  });
}

function learnedTable(index: GraphIndex, node: NodeProto, inputs: DecoderInputs): Found[] {
  const [data = '', indices = ''] = node.input;
  const shape = tableShape(index, data);
  if (shape?.length !== 2 || index.constants.has(indices)) return [];
  const above = highestIndex(index, indices, inputs, { steps: 64 });
  if (above === null) return [];
  const rows = (shape[0] ?? 0) - above;
  return [{ rows, source: 'table of positions in the graph', padded: false }];
}

/**
 * By how much the highest index exceeds that of the last token, counted from 0 (OPT adds 2); null
 * where it does not follow from the number of tokens in a plain way.
 */
function highestIndex(
  index: GraphIndex,
  tensor: string,
  inputs: DecoderInputs,
  left: { steps: number },
): number | null {
  if (tensor === inputs.positionIds) return 0;
  const node = producerOf(index, tensor);
  if (node === undefined || left.steps-- <= 0) return null;
  const follow = (name = ''): number | null => highestIndex(index, name, inputs, left);
  const [a = '', b = '', c = ''] = node.input;
  if (passing.has(node.opType)) return follow(a);
  if (node.opType === 'CumSum') return 1;
  if (node.opType === 'Range') return 0;
  if (node.opType === 'Where') return index.constants.has(b) ? follow(c) : follow(b);
  if (node.opType === 'Mul') return follow(a) ?? follow(b);
  if (node.opType !== 'Add' && node.opType !== 'Sub') return null;
  if (!index.constants.has(a) && !index.constants.has(b)) {
    return node.opType === 'Add' ? (follow(a) ?? follow(b)) : follow(a);
  }
  const [moved, by] = index.constants.has(a) ? [b, a] : [a, b];
  const [above, constant] = [follow(moved), numberIn(index, by)];
  if (above === null || constant === null || (node.opType === 'Sub' && moved === b)) return null;
  return node.opType === 'Add' ? above + constant : above - constant;
}

/** What hands indices on as they are. */
const passing = new Set(['Cast', 'Identity', 'Reshape', 'Unsqueeze', 'Squeeze', 'Expand', 'Slice', 'Flatten', 'Tile']); // prettier-ignore

/** A constant that is cut to a length which only a run tells: causal masks, cosines, biases. */
function cutTable(index: GraphIndex, node: NodeProto): Found[] {
  const [data = '', starts = '', ends = '', axes = ''] = node.input;
  if (index.constants.has(starts) && index.constants.has(ends)) return [];
  const shape = constantOf(index, data)?.dims.map(Number);
  if (shape === undefined) return [];
  const cut = axes === '' ? [0] : (integersIn(index, axes) ?? []);
  return cut.flatMap((axis) => {
    const rows = shape.at(axis) ?? 0;
    return rows > 1 ? [{ rows, source: 'mask or table in the graph', padded: true }] : [];
  });
}

/** Shape of the constant behind casts, cuts and changes of rank, without leading ones. */
function tableShape(index: GraphIndex, tensor: string): number[] | null {
  const dims = constantOf(index, tensor)?.dims.map(Number);
  if (dims === undefined) return null;
  const first = dims.findIndex((size) => size !== 1);
  return first < 0 ? [] : dims.slice(first);
}

function constantOf(index: GraphIndex, tensor: string): TensorProto | undefined {
  for (let name = tensor, steps = 0; steps < 64; steps++) {
    const stored = storedAt(index, name);
    if (stored !== undefined) return stored;
    const node = producerOf(index, name);
    if (node === undefined || !(passing.has(node.opType) || node.opType === 'DequantizeLinear')) {
      return undefined;
    }
    name = node.input[0] ?? '';
  }
  return undefined;
}

function numberIn(index: GraphIndex, tensor: string): number | null {
  const values = integersIn(index, tensor);
  return values?.length === 1 ? (values[0] ?? null) : null;
}

function integersIn(index: GraphIndex, tensor: string): number[] | null {
  const found = constantOf(index, tensor);
  return found === undefined ? null : integersOf(found);
}
