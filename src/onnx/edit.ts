/** Walks through a decoder's nodes and puts steering, reading and the choice of logits between. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { NodeProto } from 'onnx-buf';
import { float } from './build.js';
import type { GraphWriter } from './build.js';
import { attribute, describe, renameTensors } from './graph.js';
import type { DecoderGraph } from './inspect.js';
import { sumOutput } from './residual.js';
import { toFloat, treat } from './steer.js';
import type { Treatment } from './steer.js';

export interface Edit extends Omit<Treatment, 'layout'> {
  /** Called with every block's treated output, `[B, S, D]` in the layout's type. */
  read: (layer: number, tensor: string) => void;
  /** Chooses the positions of which logits are wanted: `[B, S, D]` → `[B, P, D]`. */
  select: (tensor: string) => string;
  /** A block whose output is given, before its treatment: nothing before it is needed then. */
  enter?: { layer: number; tensor: string };
}

/**
 * Appends the decoder's nodes, edited, to a writer. The decoder's own nodes are changed in place.
 *
 * @returns name of the logits `[B, P, V]`, float32
 */
export function editNodes(writer: GraphWriter, decoder: DecoderGraph, edit: Edit): string {
  const { index, stream, head, layout } = decoder;
  const layerOf = new Map(stream.nodes.map((i, layer) => [i, layer]));
  index.nodes.forEach((node, i) => {
    if (i === head.node) node.input[0] = edit.select(head.states ?? '');
    const layer = layerOf.get(i);
    if (layer === undefined) writer.nodes.push(node);
    else editBlock(writer, decoder, { ...edit, layer, node });
  });
  const own = layout.logits.output;
  const raw = `${writer.prefix}/logits`;
  renameTensors(writer.nodes, new Map([[own, raw]]));
  const logits = head.node === null ? edit.select(raw) : raw;
  const type: DataType | undefined = index.types.get(own);
  return type === DataType.FLOAT ? logits : toFloat(writer, logits);
}

function editBlock(
  writer: GraphWriter,
  decoder: DecoderGraph,
  edit: Edit & { layer: number; node: NodeProto },
): void {
  const { layer, node } = edit;
  const { layout } = decoder;
  const block = layout.blocks[layer];
  if (block === undefined) return;
  const untouched = edit.steer === null && edit.patches === null;
  const raw = untouched ? block.tensor : `${writer.prefix}/block_${layer}`;
  // The same sum. ONNX Runtime would fuse an Add with the norm after it, and change the bits.
  const add = untouched ? 'Sum' : 'Add';
  if (block.fused) {
    addSkip(writer, node, { raw, add });
  } else {
    if (node.opType === 'Add') node.opType = add;
    renameTensors([node], new Map([[block.tensor, raw]]));
    writer.nodes.push(node);
  }
  if (!untouched) {
    const entered = edit.enter?.layer === layer ? edit.enter.tensor : raw;
    treat(writer, { ...edit, layout }, { layer, raw: entered, output: block.tensor });
  }
  if (block.fused) normalise(writer, node, block.tensor);
  edit.read(layer, block.tensor);
}

/** The sum that a fused norm would make by itself, before it is steered. */
function addSkip(
  writer: GraphWriter,
  node: NodeProto,
  { raw, add }: { raw: string; add: 'Add' | 'Sum' },
): void {
  const [input = '', skip = ''] = node.input;
  const bias = node.input[node.opType === 'SkipLayerNormalization' ? 4 : 3] ?? '';
  if (bias === '') {
    writer.node(add, [input, skip], { outputs: [raw] });
  } else {
    const sum = writer.node('Add', [input, skip]);
    writer.node(add, [sum, bias], { outputs: [raw] });
  }
}

/** The norm that a fused norm would make by itself, of the steered sum. */
function normalise(writer: GraphWriter, node: NodeProto, sum: string): void {
  const [normed = '', ...others] = node.output;
  if (others.slice(0, sumOutput - 1).some((name) => name !== '')) {
    throw new Error(
      `residual stream: ${describe(node)} hands on its mean or variance (expected its norm and sum only); export it for inference`,
    );
  }
  const simplified = node.opType === 'SkipSimplifiedLayerNormalization';
  const beta = simplified ? '' : (node.input[3] ?? '');
  const inputs = [sum, node.input[2] ?? '', ...(beta === '' ? [] : [beta])];
  const epsilon = float(attribute(node, 'epsilon')?.f ?? 1e-5);
  writer.node(simplified ? 'SimplifiedLayerNormalization' : 'LayerNormalization', inputs, {
    outputs: [normed],
    attributes: { axis: -1, epsilon, stash_type: 1 },
  });
}
