/**
 * The graphs a decoder is opened as. What is built into a loop costs nodes after every block in
 * every step, which a GPU's host must launch one by one, whether they have anything to do or not:
 * those of a float16 decoder took 1.9 of 6.5 ms (docs/cuda.md). So there are loops with less.
 */
import { instrumentLower, instrumentUpper } from '../../onnx/halves.js';
import { instrument } from '../../onnx/instrument.js';
import type { LoopGraphOptions } from '../../onnx/layout.js';
import { instrumentLoop } from '../../onnx/loop/loop.js';
import type { Device, GenerateRequest } from '../decoder.js';

/**
 * Generation with all but patches, with patches, with addition only and no reading, and with nothing.
 * The last two are lean: they compute with the same bits, where they are used.
 */
type LoopKind = 'loop' | 'patched-loop' | 'adding-loop' | 'plain-loop';

/** The prefill up to a block's output and from there on. */
export type HalfKind = `lower-${number}` | `upper-${number}`;

/** One forward, generation, half of a prefill. */
export type GraphKind = 'forward' | LoopKind | HalfKind;

const loops: Readonly<Record<LoopKind, LoopGraphOptions>> = {
  loop: { patch: false },
  'patched-loop': {},
  'adding-loop': { patch: false, steer: 'add', read: false },
  'plain-loop': { patch: false, steer: 'none', read: false },
};

/** @param model bytes of the ONNX file, as exported */
export function buildGraph(model: Uint8Array, kind: GraphKind): Uint8Array {
  if (kind === 'forward') return instrument(model).model;
  if (!isHalf(kind)) return instrumentLoop(model, loops[kind]).model;
  const [half, layer] = kind.split('-');
  return (half === 'lower' ? instrumentLower : instrumentUpper)(model, Number(layer)).model;
}

export function isHalf(kind: GraphKind): kind is HalfKind {
  return /^(lower|upper)-/.test(kind);
}

/** The loop with the fewest nodes that can do what is asked. */
export function loopFor(
  { steering = {}, project, states }: Pick<GenerateRequest, 'steering' | 'project' | 'states'>,
  { lean }: { lean: boolean },
): LoopKind {
  const { coefficient = [], ablation = [], patches = [] } = steering;
  if (patches.length > 0) return 'patched-loop';
  if (!lean || project || states || ablation.some((share) => share !== 0)) return 'loop';
  return coefficient.some((added) => added !== 0) ? 'adding-loop' : 'plain-loop';
}

/** Bytes of weights up to which a GPU has room for a graph more; each holds them all. */
const mostLeanWeights = 8 * 2 ** 30;

/** Whether lean loops are worth their memory. On a CPU they save a few percent at most. */
export function wantsLean(device: Device, weights: number): boolean {
  return device === 'cuda' && weights <= mostLeanWeights;
}
