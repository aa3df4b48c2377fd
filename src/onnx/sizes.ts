/** Sizes that a graph works out, as far as its file tells them. */
import type { NodeProto } from 'onnx-buf';
import { attribute, dimensions, producerOf, storedAt } from './graph.js';
import type { GraphIndex } from './graph.js';
import { integersOf } from './tensors.js';

type Sizes = (number | null)[];

/** Longer chains are not followed. */
const deepest = 24;

/**
 * The integers of a list, null for each that only a run tells; null where not even its length is
 * clear. What is made in ways that are not known here is taken for one number.
 */
export function sizes(index: GraphIndex, tensor: string, depth = 0): Sizes | null {
  const stored = storedAt(index, tensor);
  if (stored !== undefined) return integersOf(stored);
  const node = producerOf(index, tensor);
  if (node === undefined || depth > deepest) return null;
  const of = (name = ''): Sizes | null => sizes(index, name, depth + 1);
  const [first = '', second = '', third = ''] = node.input;
  switch (node.opType) {
    case 'Concat': {
      const parts = node.input.map(of);
      return parts.every((part) => part !== null) ? parts.flat() : null;
    }
    // A list stays one, and a number becomes one.
    case 'Reshape':
    case 'Unsqueeze':
    case 'Squeeze':
    case 'Cast':
    case 'Identity':
      return of(first);
    case 'Shape':
      return cut(shapeOf(index, first), node);
    case 'Gather':
      return [of(first)?.at(of(second)?.[0] ?? NaN) ?? null];
    case 'Mul': {
      const [a, b] = [of(first)?.[0] ?? null, of(second)?.[0] ?? null];
      return [a === null || b === null ? null : a * b];
    }
    // PyTorch's `expand` keeps sizes that are -1: Where(shape = -1, 1, shape).
    case 'Where':
      return producerOf(index, first)?.input.includes(third) === true ? of(third) : null;
    default:
      return [null];
  }
}

/** What `Shape` takes of a shape; where that is unknown, one size may still be one. */
function cut(shape: Sizes | null, node: NodeProto): Sizes | null {
  const bound = (name: string): number | undefined => {
    const value = attribute(node, name)?.i;
    return value === undefined ? undefined : Number(value);
  };
  const [start = 0, end] = [bound('start'), bound('end')];
  return shape?.slice(start, end) ?? (end === start + 1 ? [null] : null);
}

/** The shape of an input, or of a cache: what was there, and what is new behind it. */
function shapeOf(index: GraphIndex, tensor: string): Sizes | null {
  const declared = index.graph.input.find(({ name }) => name === tensor);
  if (declared !== undefined) {
    const known = dimensions(declared);
    return known?.map((size) => (typeof size === 'number' ? size : null)) ?? null;
  }
  const node = producerOf(index, tensor);
  if (node?.opType !== 'Concat') return null;
  const axis = Number(attribute(node, 'axis')?.i ?? 0n);
  const shapes = node.input.map((name) => shapeOfInput(index, name));
  const known = shapes.find((shape) => shape !== null) ?? null;
  const at = known === null || axis >= 0 ? axis : axis + known.length;
  return known?.map((size, i) => (i === at ? null : size)) ?? null;
}

function shapeOfInput(index: GraphIndex, tensor: string): Sizes | null {
  return index.graph.input.some(({ name }) => name === tensor) ? shapeOf(index, tensor) : null;
}

/** Operators that make one number of one number. */
const single = new Set(['Cast', 'Identity', 'Sqrt', 'Reciprocal', 'Div', 'Mul']);

/** Whether a tensor has one element, as a scale has, which some exporters work out of a shape. */
export function isSingle(index: GraphIndex, tensor: string, depth = 0): boolean {
  const stored = storedAt(index, tensor);
  if (stored !== undefined) return stored.dims.every((size) => size === 1n);
  const node = producerOf(index, tensor);
  if (node === undefined || depth > deepest) return false;
  if (single.has(node.opType)) return node.input.every((name) => isSingle(index, name, depth + 1));
  // The last of the sizes of a shape.
  const [data = '', start = ''] = node.input;
  return (
    node.opType === 'Slice' &&
    producerOf(index, data)?.opType === 'Shape' &&
    sizes(index, start)?.join() === '-1'
  );
}
