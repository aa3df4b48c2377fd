/** Case number i of a seed: always the same bytes, whatever ran before. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { createRandom } from '../../src/math/random.js';
import type { Random } from '../../src/math/random.js';
import type { Specimen } from './corpus.js';
import { byteMutations } from './mutateBytes.js';
import { graphMutations, NothingToMutate, targetOf } from './mutateGraph.js';

export interface FuzzCase {
  /** Seed, number, specimen and mutations. */
  name: string;
  bytes: Uint8Array;
}

/** Mutates one of the specimens: one case in three without regard to the format. */
export function makeCase(seed: string, i: number, specimens: readonly Specimen[]): FuzzCase {
  const random = createRandom(seed).fork(i);
  const specimen = random.pick(specimens);
  const name = `${seed}/${i} ${specimen.name}`;
  if (random.integer(3) === 0) {
    const kind = random.pick(Object.keys(byteMutations));
    const other = random.pick(specimens).bytes;
    const bytes = byteMutations[kind]?.(random, specimen.bytes, other) ?? specimen.bytes;
    return { name: `${name} ${kind}`, bytes };
  }
  const { bytes, kinds } = mutateGraph(random, specimen.bytes);
  return { name: `${name} ${kinds.join('+')}`, bytes };
}

function mutateGraph(random: Random, from: Uint8Array): { bytes: Uint8Array; kinds: string[] } {
  const model = fromBinary(ModelProtoSchema, from);
  const kinds: string[] = [];
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--) {
    if (model.graph === undefined) break;
    const kind = random.pick(Object.keys(graphMutations));
    kinds.push(kind);
    try {
      graphMutations[kind]?.(random, targetOf(model, model.graph));
    } catch (error) {
      if (!(error instanceof NothingToMutate)) throw error;
    }
  }
  return { bytes: toBinary(ModelProtoSchema, model), kinds };
}
