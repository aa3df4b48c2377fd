/** What a loop says of the residual stream of the token fed last, in each iteration. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import { valueInfo } from '../build.js';
import type { GraphWriter } from '../build.js';
import type { DecoderLayout } from '../layout.js';
import { inputs, loopInputs, loopOutputs } from '../names.js';
import { toFloat } from '../steer.js';
import type { SelectLast } from './step.js';

/** Collects states while the body is written, and makes its outputs of them. */
export interface LoopReading {
  /** Called with every block's output `[B, S, D]`, in order. */
  read: (layer: number, tensor: string, last: SelectLast) => void;
  /** Appends the nodes; returns what the body hands out, as {@link LoopReading.outputs}. */
  finish: (writer: GraphWriter) => string[];
  /** Of the loop. */
  outputs: ValueInfoProto[];
}

/** Projections and, where asked for, whole states of every layer. */
export function readAll(outer: GraphWriter, { layers, width, type }: DecoderLayout): LoopReading {
  const columns = outer.node('Transpose', [inputs.readDirections], {
    attributes: { perm: [0, 2, 1] },
  });
  const end = outer.onHost(outer.node('Unsqueeze', [loopInputs.readStates, outer.ints([0])]));
  const states: string[] = [];
  return {
    read: (_, tensor, last) => states.push(last(tensor)),
    finish: (writer) => {
      const joined = writer.node('Concat', states, { attributes: { axis: 1 } });
      const rows = type === 'float16' ? toFloat(writer, joined) : joined;
      const all = writer.node('Transpose', [rows], { attributes: { perm: [1, 0, 2] } });
      const whole = writer.node('Unsqueeze', [all, writer.ints([2])]);
      const cut = [writer.ints([0]), end, writer.ints([2])];
      return [writer.node('MatMul', [all, columns]), writer.node('Slice', [whole, ...cut])];
    },
    outputs: [
      valueInfo(loopOutputs.projections, DataType.FLOAT, [null, layers, null, null]),
      valueInfo(loopOutputs.states, DataType.FLOAT, [null, layers, null, null, width]),
    ],
  };
}

/**
 * Only whether the last block's state is finite: what is not stays so in the residual stream. A dot
 * product with zeros is 0 for finite numbers and NaN for others.
 */
export function readFinite({ layers, width, type }: DecoderLayout): LoopReading {
  let state = '';
  return {
    read: (layer, tensor, last) => {
      if (layer === layers - 1) state = last(tensor);
    },
    finish: (writer) => {
      const row = type === 'float16' ? toFloat(writer, state) : state;
      const zeros = writer.floats(new Float32Array(width), [width, 1], 'zeros');
      return [writer.node('Squeeze', [writer.node('MatMul', [row, zeros]), writer.ints([1, 2])])];
    },
    outputs: [valueInfo(loopOutputs.finite, DataType.FLOAT, [null, null])],
  };
}
