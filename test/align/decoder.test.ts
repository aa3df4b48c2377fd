/** The loop on a real decoder with random weights: laws that hold whatever it says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCorrector } from '../../src/align/corrector.js';
import type { AlignedAnswer, LoopOptions } from '../../src/align/stream.js';
import { alignAnswers } from '../../src/align/stream.js';
import { opened } from '../../src/align/opened.js';
import { createLocalUpstream } from '../../src/align/upstream.js';
import { createRandom } from '../../src/math/random.js';
import type { LanguageModel, Sampling, Tokenizer } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { named } from './fakes.js';
import { temporaryFolder, writeModel } from '../runtime/models.js';

const layers = 2;
const width = 32;
const vocabulary = 64;
const endOfTurn = 0;

/** Letters and marks, one token each; what it does not know is a space. */
const alphabet = [...'#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU_:|<> .!?\n0123'];
const tokenizer: Tokenizer = {
  encode: (text) => [...text].map((letter) => Math.max(alphabet.indexOf(letter), 53)),
  decode: (ids) => ids.map((id) => (id === endOfTurn ? '' : (alphabet[id] ?? ' '))).join(''),
  chatPrompt: (user) => `<${user}>`,
  chat: () => '',
  encodePlain: () => [],
  endOfTurn: [endOfTurn],
};

const { path: folder, remove } = temporaryFolder();
let model: LanguageModel;

beforeAll(async () => {
  const bytes = tinyDecoder({ layers, width, vocabulary, maxLength: 1024, sharpness: 2 });
  const decoder = await loadDecoder({ model: writeModel(folder, 'loop', bytes), threads: 1 });
  const close = async () => await decoder[Symbol.asyncDispose]();
  model = { ...opened({ ...named('tiny'), close }), decoder, tokenizer };
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  remove();
});

const rows = ['How many?', 'a', 'Tom has some bags and some more bags'].map((question) => ({
  question,
}));

function loop(more: Partial<LoopOptions> & { sampling?: Sampling } = {}): LoopOptions {
  const { sampling } = more;
  return {
    upstream: createLocalUpstream({ model, maxSentenceTokens: 12, ...(sampling && { sampling }) }),
    corrector: createCorrector({ model, maxNewTokens: 10 }),
    maxRounds: 3,
    clock: () => 0,
    ...more,
  };
}

/** What was said, by whom, in every round. */
const said = (answers: readonly AlignedAnswer[]) =>
  answers.map(({ text, stop, rounds }) => [
    text,
    stop,
    ...rounds.map(({ prefix, last, correction }) => [prefix, last, correction]),
  ]);

async function oneByOne(options: LoopOptions): Promise<AlignedAnswer[]> {
  const answers: AlignedAnswer[] = [];
  for (const row of rows) answers.push(...(await alignAnswers({ ...options, rows: [row] })));
  return answers;
}

describe('the loop on a decoder', () => {
  it('says something, over several rounds', async () => {
    const answers = await alignAnswers({ ...loop(), rows });
    expect(answers.map(({ rounds }) => rounds.length)).toEqual([3, 3, 3]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3);
  });

  it.each([
    ['greedy', undefined],
    ['sampled', { temperature: 1.5, topP: 0.95, seed: 3 }],
  ])('says the same in a batch, alone, and without caches: %s', async (_, sampling) => {
    const options = loop(sampling && { sampling });
    const batch = said(await alignAnswers({ ...options, rows }));
    expect(said(await oneByOne(options))).toEqual(batch);
    expect(said(await alignAnswers({ ...options, rows, caches: false }))).toEqual(batch);
  });

  it('steers each row by its own coefficients, and not at all by zeros', async () => {
    const direction = new Float32Array(layers * width).fill(1 / Math.sqrt(width));
    const options = loop({ steering: { direction } });
    const at = (value: number) => new Float32Array(layers).fill(value);
    const question = 'How many?';
    const steered = (values: readonly number[]) =>
      alignAnswers({
        ...options,
        rows: values.map((value) => ({ question, coefficient: at(value) })),
      });
    const [zero, up, down] = said(await steered([0, 6, -6]));
    expect([zero]).toEqual(said(await alignAnswers({ ...loop(), rows: [{ question }] })));
    expect([up]).toEqual(said(await steered([6])));
    expect([down]).toEqual(said(await steered([-6])));
    expect(up).not.toEqual(zero);
    expect(down).not.toEqual(up);
  });

  it('brings back one reading per generated token, the boundary’s first', async () => {
    const direction = new Float32Array(layers * width).fill(1 / Math.sqrt(width));
    const project = { directions: direction, count: 1 };
    const [answer] = await alignAnswers({ ...loop({ project }), rows: rows.slice(0, 1) });
    for (const { readings, tokens } of answer?.rounds ?? []) {
      expect(readings?.tokens).toHaveLength(tokens.corrector);
      expect(readings?.values).toHaveLength(tokens.corrector * layers);
    }
  });
});

describe('a row’s own ablation', () => {
  const direction = new Float32Array(layers * width);
  for (let layer = 0; layer < layers; layer++) {
    direction.set(createRandom('ablated').fork(layer).unitVector(width), layer * width);
  }
  const input = { question: 'How many?', prefix: 'a.', last: 'Tom has some bags.' };
  const ones = new Float32Array(layers).fill(1);
  const zeros = new Float32Array(layers);
  // Large, so that what is removed again is most of the state.
  const coefficient = new Float32Array(layers).fill(30);

  it('of 0 is none, beside rows that are ablated and steered', async () => {
    const corrector = createCorrector({ model, maxNewTokens: 10 });
    const edits = [{}, { ablation: zeros }, { coefficient: zeros }, { coefficient }];
    const rows = edits.map((edit) => ({ ...input, ...edit }));
    const [plain, ablated, added, steered] = await corrector.correct(rows, {
      steering: { direction },
    });
    expect(ablated).toEqual(plain);
    expect(added).toEqual(plain);
    expect(steered).not.toEqual(plain);
  });

  it('does what the same ablation of the whole batch does', async () => {
    const corrector = createCorrector({ model, maxNewTokens: 10 });
    const project = { directions: direction, count: 1 };
    const [own, none] = await corrector.correct([{ ...input, ablation: ones }, input], {
      ...{ steering: { direction, positions: 'all' }, project },
    });
    const [all] = await corrector.correct([input, input], {
      ...{ steering: { direction, ablation: ones, positions: 'all' }, project },
    });
    expect(own?.text).toBe(all?.text);
    const largest = (of: typeof own): number =>
      Math.max(...Array.from(of?.readings?.values ?? [], Math.abs));
    expect(largest(own)).toBeLessThan(1e-4);
    expect(largest(none)).toBeGreaterThan(0.1);
  });
});
