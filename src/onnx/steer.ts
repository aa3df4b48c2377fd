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
  /** `[D, 1]` */
  columns: string[];
  /** `[B, 1, L]` */
  coefficient: string;
  /** `[B, 1, L]` */
  ablation: string;
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
export function splitDirections(writer: GraphWriter, layers: number): Directions {
  const transposed = writer.node('Transpose', [inputs.direction], { attributes: { perm: [1, 0] } });
  return {
    rows: writer.split(inputs.direction, layers, 0),
    columns: writer.split(transposed, layers, 1),
    coefficient: writer.node('Unsqueeze', [inputs.coefficient, writer.ints([1])]),
    ablation: writer.node('Unsqueeze', [inputs.ablation, writer.ints([1])]),
  };
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
  return { coefficient: lay(directions.coefficient), ablation: lay(directions.ablation) };
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
  directions: Directions;
  strengths: Strengths;
  /** null where patching is not compiled in. */
  patches: Patches | null;
}

/** Treats `raw`, the output `[B, S, D]` of block `layer`; the result gets the name `output`. */
export function treat(
  writer: GraphWriter,
  treatment: Treatment,
  block: { layer: number; raw: string; output: string },
): void {
  const { directions, strengths, patches } = treatment;
  const at = (list: readonly string[]): string => list[block.layer] ?? '';
  const half = treatment.layout.type === 'float16';
  let h = half ? toFloat(writer, block.raw) : block.raw;
  if (patches !== null) {
    h = writer.node('ScatterND', [h, at(patches.index), at(patches.vector)]);
  }
  const dot = writer.node('MatMul', [h, at(directions.columns)]);
  const removed = writer.node('Mul', [at(strengths.ablation), dot]);
  const factor = writer.node('Sub', [at(strengths.coefficient), removed]);
  const update = writer.node('Mul', [factor, at(directions.rows)]);
  if (!half) {
    writer.node('Add', [h, update], { outputs: [block.output] });
    return;
  }
  const sum = writer.node('Add', [h, update]);
  const to = DataType.FLOAT16;
  writer.node('Cast', [sum], { outputs: [block.output], attributes: { to } });
}

/** A float32 copy. */
export function toFloat(writer: GraphWriter, tensor: string): string {
  return writer.node('Cast', [tensor], { attributes: { to: DataType.FLOAT } });
}
