/**
 * A planted language model: hidden states are noise of the tokens before them, plus an offset, plus
 * ± half of `strength` along a known direction, by whether the prompt holds the word `wrong`.
 */
import { dot } from '../../src/math/linear.js';
import { createRandom } from '../../src/math/random.js';
import type {
  Decoder,
  ForwardRow,
  GenerateRow,
  LanguageModel,
  Projection,
  Tokenizer,
} from '../../src/runtime/decoder.js';
import type { CorrectionStimulus, StimulusInput } from '../../src/read/stimuli.js';
import { named } from '../align/fakes.js';

export interface PlantedOptions {
  layers?: number;
  width?: number;
  /** Distance between the classes along the direction; noise has standard deviation 1. Default 6. */
  strength?: number;
  /** Layers below this one know nothing. Default 0. */
  fromLayer?: number;
  /** Replaces one component by NaN at this layer. */
  brokenLayer?: number;
}

export interface PlantedModel extends LanguageModel {
  /** `[L, D]` unit rows. */
  truth: Float32Array;
  prompt: (input: StimulusInput) => number[];
  readonly forwards: number;
}

const stop = 0;
const wrong = 1;

/** Words are ids in order of first sight; id 1 is `wrong`. */
function createWords(): Tokenizer {
  const ids = new Map([
    ['<end>', stop],
    ['wrong', wrong],
  ]);
  const words = ['', 'wrong'];
  const encode = (text: string): number[] =>
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => {
        const known = ids.get(word);
        if (known !== undefined) return known;
        ids.set(word, words.length);
        return words.push(word) - 1;
      });
  return {
    encode,
    decode: (tokens) => tokens.map((id) => words[id] ?? '').join(' '),
    chatPrompt: (user) => user,
    encodePlain: (text) => encode(text),
    chat: (messages) => messages.map(({ content }) => content).join(' '),
    endOfTurn: [stop],
  };
}

export function createPlanted(options: PlantedOptions = {}): PlantedModel {
  const { layers = 3, width = 24, strength = 6, fromLayer = 0, brokenLayer } = options;
  const tokenizer = createWords();
  const random = createRandom('planted');
  const truth = new Float32Array(layers * width);
  const offset = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    truth.set(random.unitVector(width), layer * width);
    offset.set(
      random.unitVector(width).map((x) => 20 * x),
      layer * width,
    );
  }
  let forwards = 0;

  const state = (prefix: readonly number[], prompt: readonly number[], layer: number) => {
    const noise = createRandom(`${prefix.join(' ')}/${layer}`);
    const sign = prompt.includes(wrong) ? 0.5 : -0.5;
    return Float32Array.from({ length: width }, (_, j) => {
      if (layer === brokenLayer && j === 2) return NaN;
      const at = layer * width + j;
      const planted = layer < fromLayer ? 0 : sign * strength * (truth[at] ?? 0);
      return noise.normal() + (offset[at] ?? 0) + planted;
    });
  };
  const project = (of: Float32Array, projection: Projection, layer: number): number =>
    dot(of, projection.directions.subarray(layer * width, (layer + 1) * width));

  const decoder: Decoder = {
    info: {
      source: 'planted',
      sha256: 'ab'.repeat(32),
      device: 'cpu',
      layers,
      width,
      vocabulary: 100,
    },
    forward: (request) => {
      forwards++;
      const rows = request.tokens.map((tokens, b): ForwardRow => {
        const prompt = tokens.slice(0, request.promptLengths?.[b] ?? tokens.length);
        const at = (layer: number, position: number): Float32Array =>
          state(tokens.slice(0, position + 1), prompt, layer);
        const wanted = request.states?.[b] ?? [];
        const states = new Float32Array(layers * wanted.length * width);
        const projections = new Float32Array(request.project ? layers * tokens.length : 0);
        for (let layer = 0; layer < layers; layer++) {
          wanted.forEach((p, i) => states.set(at(layer, p), (layer * wanted.length + i) * width));
          tokens.forEach((_, p) => {
            if (!request.project) return;
            projections[layer * tokens.length + p] = project(at(layer, p), request.project, layer);
          });
        }
        return { projections, states, logits: new Float32Array(0) };
      });
      return Promise.resolve(rows);
    },
    generate: (request) => {
      const rows = request.prompts.map((prompt): GenerateRow => {
        const y1 = prompt.slice(prompt.lastIndexOf(tokenizer.encode('|')[0] ?? -1) + 1);
        const written = prompt.includes(wrong) ? tokenizer.encode('the sum is 7') : y1;
        const tokens = [...written, stop].slice(0, request.maxNewTokens);
        const count = tokens.length;
        const projections = new Float32Array(request.project ? count * layers : 0);
        const states = new Float32Array(request.states ? count * layers * width : 0);
        for (let t = 0; t < count; t++) {
          for (let layer = 0; layer < layers; layer++) {
            const h = state([...prompt, ...tokens.slice(0, t)], prompt, layer);
            if (request.project) {
              projections[t * layers + layer] = project(h, request.project, layer);
            }
            if (request.states) states.set(h, (t * layers + layer) * width);
          }
        }
        return { tokens, finish: tokens.at(-1) === stop ? 'stop' : 'length', projections, states };
      });
      return Promise.resolve({ rows, milliseconds: 0, computedTokens: 0, draftedTokens: 0 });
    },
    openCache: () => ({ id: 0 }),
    closeCache: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    ...named('planted'),
    decoder,
    tokenizer,
    truth,
    prompt: (input) => {
      if ('text' in input) return tokenizer.encode(input.text);
      if ('messages' in input) return tokenizer.encode(tokenizer.chat(input.messages));
      return tokenizer.encode(`${input.question} ${input.prefix} | ${input.last}`);
    },
    get forwards() {
      return forwards;
    },
  };
}

/** `count` stimuli of each label, alternating halves, two per problem, y1 of varying wording. */
export function plantedStimuli(count: number): CorrectionStimulus[] {
  const random = createRandom('stimuli');
  const stimuli: CorrectionStimulus[] = [];
  for (let i = 0; i < 2 * count; i++) {
    const problem = Math.floor(i / 4);
    const correct = i % 2 === 0;
    const last = `so ${random.integer(50)} and ${random.integer(50)}`;
    stimuli.push({
      id: `s${i}`,
      problem: `p${problem}`,
      question: correct ? `q${problem} wrong` : `q${problem}`,
      prefix: `r${i}`,
      last,
      output: correct ? 'the sum is 7' : last,
      label: correct ? 'correct' : 'copy',
      quality: correct ? 'bad' : 'good',
      fault: correct ? (i % 4 === 0 ? 'wrong-result' : 'wrong-operation') : null,
      half: problem % 2 === 0 ? 'train' : 'heldOut',
    });
  }
  return stimuli;
}
