/** The models that are mutated: small ones, since a mutation of weights alone tells nothing. */
import { toExternal } from '../onnx/tinyExternal.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { withBranches, withFunction } from '../onnx/tinyVariants.js';

export interface Specimen {
  name: string;
  bytes: Uint8Array;
}

const small = { layers: 2, width: 8, heads: 2, vocabulary: 12, maxLength: 16 };
const fused = { ...small, width: 32 };

/** Graphs of every style, one of them with its weights outside. */
export function specimens(): Specimen[] {
  const external = toExternal(tinyDecoder(small), { smallest: 60 });
  return [
    { name: 'external', bytes: external.graph },
    { name: 'unfused', bytes: tinyDecoder(small) },
    { name: 'half', bytes: tinyDecoder({ ...small, half: true, head: 'last-slice' }) },
    { name: 'fused', bytes: tinyDecoder({ ...fused, style: 'fused' }) },
    { name: 'parallel', bytes: tinyDecoder({ ...small, style: 'parallel', head: 'gemm' }) },
    { name: 'post-norm', bytes: tinyDecoder({ ...small, style: 'post-norm', halfStream: false }) },
    { name: 'sandwich', bytes: tinyDecoder({ ...small, style: 'sandwich', head: 'capped' }) },
    { name: 'functions', bytes: withFunction(tinyDecoder(small)) },
    { name: 'branches', bytes: withBranches(tinyDecoder(small), 2) },
  ];
}

/** Files that belong beside the model called `external`. */
export function externalFiles(): ReadonlyMap<string, Uint8Array> {
  return toExternal(tinyDecoder(small), { smallest: 60 }).weights;
}
