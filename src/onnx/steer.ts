/**
 * The nodes that treat one block's output: patch, then ablate and add.
 *
 * With m the position mask, ablate and add are one rank-one update, which keeps the nodes per
 * layer few: `h ← h + (m·c − m·a·⟨h, d⟩)·d`. Where c and a are 0 the factor is +0, whatever the
 * mask, so that coefficient 0 and mask 0 give the same bits.
 */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { GraphWriter } from './build.js';
import type { DecoderLayout } from './layout.js';
import { inputs } from './names.js';

/** Per layer, the names of what depends on the request alone. */
export interface Directions {
  /** `[1, D]` */
  rows: string[];
  /** `[B, 1, L]` */
  coefficient: string;
  /** Columns `[D, 1]` and ablation `[B, 1, L]`; null where nothing is ever removed. */
  removal: { columns: string[]; ablation: string } | null;
}

/** Per layer, `[B, S, 1]`: m·c and m·a. */
export interface Strengths {
  coefficient: string[];
  ablation: string[];
}

/** Per layer, the patches that fall on it. */
export interface Patches {
  /** int64 `[n, 2]`: row and index into the tokens fed. */
  index: string[];
  /** `[n, D]` */
  vector: string[];
}

/** Patches of all layers, sorted by layer. */
export interface SortedPatches {
  /** int64 `[N, 2]` */
  index: string;
  /** `[N, D]` */
  vector: string;
  /** int64 `[L]`: how many fall on each. */
  counts: string;
}

/** Cuts directions and strengths into layers. */
export function splitDirections(
  writer: GraphWriter,
  layers: number,
  { ablate = true }: { ablate?: boolean } = {},
): Directions {
  const row = (strength: string): string => writer.node('Unsqueeze', [strength, writer.ints([1])]);
  const rows = writer.split(inputs.direction, layers, 0);
  const coefficient = row(inputs.coefficient);
  if (!ablate) return { rows, coefficient, removal: null };
  const transposed = writer.node('Transpose', [inputs.direction], { attributes: { perm: [1, 0] } });
  const columns = writer.split(transposed, layers, 1);
  return { rows, coefficient, removal: { columns, ablation: row(inputs.ablation) } };
}

/** Lays the mask `[B, S]` over the strengths. Adding +0 turns −0 into +0. */
export function maskStrengths(
  writer: GraphWriter,
  directions: Directions,
  mask: string,
  layers: number,
): Strengths {
  const column = writer.node('Unsqueeze', [mask, writer.ints([2])]);
  const lay = (strength: string): string[] => {
    const masked = writer.node('Mul', [column, strength]);
    return writer.split(writer.node('Add', [masked, writer.scalar(0)]), layers, 2);
  };
  const { coefficient, removal } = directions;
  return { coefficient: lay(coefficient), ablation: removal === null ? [] : lay(removal.ablation) };
}

/** Sorts the patches by layer, so that each layer needs no search of its own. */
export function sortPatches(writer: GraphWriter, layers: number): SortedPatches {
  const layer = writer.node('Gather', [inputs.patchIndex, writer.ints(0)], {
    attributes: { axis: 1 },
  });
  const outputs = [writer.unique('sorted'), writer.unique('order')];
  writer.node('TopK', [layer, writer.node('Shape', [layer])], {
    outputs,
    attributes: { axis: 0, largest: 0, sorted: 1 },
  });
  const order = outputs[1] ?? '';
  const sorted = writer.node('Gather', [inputs.patchIndex, order], { attributes: { axis: 0 } });
  const numbers = Array.from({ length: layers }, (_, l) => l);
  const each = writer.node('Unsqueeze', [writer.ints(numbers), writer.ints([1])]);
  // One more that hits no layer: the CUDA provider refuses to sum over no elements.
  const some = writer.node('Concat', [layer, writer.ints([-1])], { attributes: { axis: 0 } });
  const hits = writer.node('Cast', [writer.node('Equal', [each, some])], {
    attributes: { to: DataType.INT64 },
  });
  const [from, to, axis] = [writer.ints([1]), writer.ints([3]), writer.ints([1])];
  return {
    index: writer.node('Slice', [sorted, from, to, axis]),
    vector: writer.node('Gather', [inputs.patchVector, order], { attributes: { axis: 0 } }),
    counts: writer.node('ReduceSum', [hits, axis], { attributes: { keepdims: 0 } }),
  };
}

/** Hands each layer its patches; all of them only while `active` (int64 `[1]`) is 1. */
export function splitPatches(
  writer: GraphWriter,
  sorted: SortedPatches,
  layers: number,
  active?: string,
): Patches {
  const split = (tensor: string, counts: string): string[] => {
    const outputs = Array.from({ length: layers }, () => writer.unique('patch'));
    writer.node('Split', [tensor, counts], { outputs, attributes: { axis: 0 } });
    return outputs;
  };
  if (active === undefined) {
    const { index, vector, counts } = sorted;
    return { index: split(index, counts), vector: split(vector, counts) };
  }
  const counts = writer.node('Mul', [sorted.counts, active]);
  const total = writer.node('ReduceSum', [counts, writer.ints([0])], {
    attributes: { keepdims: 1 },
  });
  const [zero, axis] = [writer.ints([0]), writer.ints([0])];
  const cut = (tensor: string): string => writer.node('Slice', [tensor, zero, total, axis]);
  return { index: split(cut(sorted.index), counts), vector: split(cut(sorted.vector), counts) };
}

/** What one layer's treatment needs. */
export interface Treatment {
  layout: DecoderLayout;
  /** null: nothing is added or removed. */
  steer: { directions: Directions; strengths: Strengths } | null;
  /** null where patching is not compiled in. */
  patches: Patches | null;
}

/** Treats `raw`, the output `[B, S, D]` of block `layer`; the result gets the name `output`. */
export function treat(
  writer: GraphWriter,
  { layout, steer, patches }: Treatment,
  { layer, raw, output }: { layer: number; raw: string; output: string },
): void {
  const half = layout.type === 'float16';
  let h = half ? toFloat(writer, raw) : raw;
  if (patches !== null) {
    const [index = '', vector = ''] = [patches.index[layer], patches.vector[layer]];
    h = writer.node('ScatterND', [h, index, vector]);
  }
  if (steer !== null) {
    const update = makeUpdate(writer, steer, { layer, h });
    h = writer.node('Add', [h, update], half ? {} : { outputs: [output] });
  } else if (!half) {
    writer.node('Identity', [h], { outputs: [output] });
  }
  const to = DataType.FLOAT16;
  if (half) writer.node('Cast', [h], { outputs: [output], attributes: { to } });
}

/** What is added to `h` at one layer, `[B, S, D]`. */
function makeUpdate(
  writer: GraphWriter,
  { directions: { rows, removal }, strengths }: NonNullable<Treatment['steer']>,
  { layer, h }: { layer: number; h: string },
): string {
  const at = (list: readonly string[]): string => list[layer] ?? '';
  let factor = at(strengths.coefficient);
  if (removal !== null) {
    const dot = writer.node('MatMul', [h, at(removal.columns)]);
    const removed = writer.node('Mul', [at(strengths.ablation), dot]);
    factor = writer.node('Sub', [factor, removed]);
  }
  return writer.node('Mul', [factor, at(rows)]);
}

/** A float32 copy. */
export function toFloat(writer: GraphWriter, tensor: string): string {
  return writer.node('Cast', [tensor], { attributes: { to: DataType.FLOAT } });
}
