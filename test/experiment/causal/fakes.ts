/**
 * A toy corrector whose insides are known. Its prompt ends in a flag (y1 is wrong, or right), a word
 * (how y1 begins) and the boundary token. Block `decides` copies the flag to the boundary, block
 * `word` the word; every other block hands on what it got. It corrects where the flag is wrong.
 */
import type { Corrector } from '../../../src/align/corrector.js';
import { createRandom } from '../../../src/math/random.js';
import type { ForwardRequest, ForwardRow } from '../../../src/runtime/decoder.js';
import type { CausalOptions } from '../../../src/experiment/causal/options.js';
import type { CausalProblem } from '../../../src/experiment/causal/problems.js';
import { named } from '../../align/fakes.js';

export const layers = 4;
const width = 3;
const words = ['<b>', 'wrong', 'right', 'that', 'then', 'this', 'so', 'fix', 'the'];
const fix = words.indexOf('fix');
const meanNorm = 2;

export interface Toy {
  /** Layer that brings the decision to the boundary token. */
  decides: number;
  /** Layer that brings the word there. Default: the same. */
  word?: number;
}

/** `[L][S]` states of width 3: flag ±1, word id, nothing. */
function runToy(
  { decides, word = decides }: Toy,
  request: ForwardRequest,
  row: number,
): number[][][] {
  const tokens = request.tokens[row] ?? [];
  const last = tokens.length - 1;
  let states = tokens.map((id) => [
    id === 1 ? 1 : id === 2 ? -1 : 0,
    id >= 3 && id < fix ? id : 0,
    0,
  ]);
  return Array.from({ length: layers }, (_, layer) => {
    const before = states;
    states = before.map((h) => [...h]);
    states[last] = [
      (layer === decides ? before[last - 2]?.[0] : before[last]?.[0]) ?? 0,
      (layer === word ? before[last - 1]?.[1] : before[last]?.[1]) ?? 0,
      0,
    ];
    for (const patch of request.steering?.patches ?? []) {
      if (patch.row === row && patch.layer === layer) states[patch.position] = [...patch.vector];
    }
    return states;
  });
}

/** The words it might begin with are unlikely, but for y1's and `fix`, between which the flag tells. */
function toyLogits([flag = 0, word = 0]: readonly number[]): Float32Array {
  const logits = new Float32Array(words.length).fill(-6);
  if (word > 0) logits[word] = -5 * flag;
  logits[fix] = 5 * flag;
  return logits;
}

export function toyDecoder(toy: Toy): CausalOptions['decoder'] {
  return {
    info: { source: 'toy', sha256: '', device: 'cpu', layers, width, vocabulary: words.length },
    forward: (request) =>
      Promise.resolve(
        request.tokens.map((_, row): ForwardRow => {
          const states = runToy(toy, request, row);
          const wanted = request.states?.[row] ?? [];
          const read = states.flatMap((at) => wanted.flatMap((position) => at[position] ?? []));
          const logits = (request.logits?.[row] ?? []).flatMap((position) => [
            ...toyLogits(states.at(-1)?.[position] ?? []),
          ]);
          return {
            projections: new Float32Array(0),
            states: Float32Array.from(read),
            logits: Float32Array.from(logits),
          };
        }),
      ),
  };
}

/** It listens at the deciding layer alone, and is surer of some sentences than of others. */
export function toyCorrector({ decides }: Toy): Corrector & { calls: number } {
  return {
    ...named('toy'),
    readable: true,
    calls: 0,
    correct(inputs, request = {}) {
      this.calls++;
      return Promise.resolve(
        inputs.map(({ last, question, coefficient, ablation }) => {
          const sure = 0.2 + 0.8 * createRandom(question).next();
          const along = request.steering?.direction[decides * width] ?? 0;
          const kept = 1 - (ablation?.[decides] ?? 0) * along;
          const flag =
            (last.endsWith('wrong') ? sure : -sure) * kept + (coefficient?.[decides] ?? 0) * along;
          const text = flag > 0 ? 'fix it all' : last;
          return { text, tokens: 1, finish: 'stop', readings: null };
        }),
      );
    },
  };
}

/** Every second one is wrong unless told; prompts are of three lengths. */
export function toyProblems(count: number, name: string, wrong = [true, false]): CausalProblem[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}-${i}`,
    question: `${name} ${i}? ${'the '.repeat(i % 3)}`.trim(),
    prefix: '',
    last: `${words[3 + (i % 4)]} is ${wrong[Math.floor(i / 3) % wrong.length] ? 'wrong' : 'right'}`,
  }));
}

export function toyPrompt({ question, last }: CausalProblem): number[] {
  const [word = '', , flag = ''] = last.split(' ');
  const fillers = question.split(' ').filter((text) => text === 'the');
  return [...fillers, 'the', flag, word, '<b>'].map((text) => words.indexOf(text));
}

/** A small test of the toy. */
export function toyOptions(toy: Toy, changes: Partial<CausalOptions> = {}): CausalOptions {
  const vectors = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) vectors[layer * width] = 1;
  return {
    model: 'toy',
    corrector: toyCorrector(toy),
    decoder: toyDecoder(toy),
    prompt: toyPrompt,
    decode: (token) => words[token] ?? '',
    directions: { method: 'pca', layers, width, vectors, explainedVariance: [] },
    meanNorms: new Array<number>(layers).fill(meanNorm),
    accuracy: Array.from({ length: layers }, (_, layer) => (layer < toy.decides ? 0.5 : 0.9)),
    problems: { validation: toyProblems(36, 'validation'), test: toyProblems(48, 'test') },
    limit: 24,
    pairs: 8,
    window: 2,
    seed: 1,
    ...changes,
  };
}
