/** Copies through a corrector and a loop, with tokenizers that write y1 in another way than it stands. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createCorrector, type Correction } from '../../src/align/corrector.js';
import { correctorFromFunction } from '../../src/align/functions.js';
import { alignAnswers } from '../../src/align/stream.js';
import type { Decoder, LanguageModel, Tokenizer } from '../../src/runtime/decoder.js';
import { textIds } from '../../src/text/controlTokens.js';
import { temporaryFolder } from '../runtime/models.js';
import { writeTokenizer, type WrittenTokenizer } from '../runtime/writtenTokenizer.js';
import { fakeUpstream, named } from './fakes.js';

const goldens = JSON.parse(
  readFileSync(new URL('../runtime/goldens/writtenTexts.json', import.meta.url), 'utf8'),
) as { name: string; file: WrittenTokenizer }[];

const folder = temporaryFolder();
afterAll(folder.remove);

function load(name: string, config: object = {}): Promise<Tokenizer> {
  const file = goldens.find((golden) => golden.name === name)?.file;
  if (!file) throw new Error(`no golden ${name}`);
  return writeTokenizer(folder.path, { name, file, config });
}

/** Writes the ids of a text and ends its turn, whatever it is asked. */
function writing(tokenizer: Tokenizer, text: string): LanguageModel {
  const tokens = [...textIds(tokenizer, text), ...tokenizer.endOfTurn.slice(0, 1)];
  const empty = { projections: new Float32Array(0), states: new Float32Array(0) };
  const info = { source: '', sha256: '', device: 'cpu', layers: 1, width: 1, vocabulary: 1 };
  const decoder = {
    info,
    generate: ({ prompts }: { prompts: readonly unknown[] }) => {
      const rows = prompts.map(() => ({ tokens, finish: 'stop' as const, ...empty }));
      return Promise.resolve({ rows, milliseconds: 0, computedTokens: 0 });
    },
    openCache: () => ({ id: 0 }),
    closeCache: () => Promise.resolve(),
  } as unknown as Decoder;
  return { ...named('writing'), decoder, tokenizer };
}

async function corrected(tokenizer: Tokenizer, last: string, text: string): Promise<Correction> {
  const corrector = createCorrector({ model: writing(tokenizer, text) });
  const [correction] = await corrector.correct([{ question: 'q', prefix: '', last }]);
  if (!correction) throw new Error('no correction');
  return correction;
}

describe('a corrector', () => {
  it.each([
    ['byte-level', 'a ? b', { clean_up_tokenization_spaces: true }],
    ['byte-level', "it 's n't so .", {}],
    ['byte-level', 'the sum is 5. ', {}],
    ['byte-level', '  the sum is 5.\n', {}],
    ['byte-level', 'stop </s> and <|end|> here.', {}],
    ['byte-level, NFC', 'cafe\u0301 is.', {}],
    ['byte-level, lower case', 'The Sum.', {}],
    ['SentencePiece, bytes', '日本 is 2.', {}],
    ['SentencePiece, bytes', '</s> the sum', {}],
    ['unigram', 'the cafe\u0301', {}],
  ])('of %s hands out y1 itself where it copied %j', async (name, last, config) => {
    const tokenizer = await load(name, config);
    expect(await corrected(tokenizer, last, last.trim())).toMatchObject({ text: last });
  });

  it('says what its tokenizer cannot write, and how it would write y1', async () => {
    const tokenizer = await load('SentencePiece, no bytes');
    const correction = await corrected(tokenizer, 'the ☃ sum', 'the ☃ sum');
    expect(correction).toMatchObject({
      text: 'the ☃ sum',
      written: 'the  sum',
      notes: ['unwritable'],
    });
    const other = await corrected(tokenizer, 'the ☃ sum', 'the sum');
    expect(other).toMatchObject({ text: 'the sum', notes: ['unwritable'] });
    expect(await corrected(tokenizer, 'the sum', 'the sum')).not.toHaveProperty('notes');
  });

  it('is no copier where it wrote something else', async () => {
    const tokenizer = await load('byte-level');
    expect(await corrected(tokenizer, 'a ? b', 'a? b')).toMatchObject({ text: 'a? b' });
    expect(await corrected(tokenizer, 'a b', '')).toMatchObject({ text: '' });
  });
});

describe('the loop', () => {
  const sentence = 'cafe\u0301 is. ';
  const upstream = () => fakeUpstream(({ prefix }) => (prefix === '' ? sentence : null));

  it('leaves the upstream’s text as it is, with no edits', async () => {
    const tokenizer = await load('byte-level, NFC');
    const corrector = createCorrector({ model: writing(tokenizer, sentence.trim()) });
    const rows = [{ question: 'q' }];
    const [answer] = await alignAnswers({ upstream: upstream(), corrector, rows, maxRounds: 1 });
    expect(answer?.text).toBe(sentence);
    expect(answer?.rounds[0]).toMatchObject({
      copied: true,
      written: 'café is.',
      edit: { editRatio: 0, normalizedDistance: 0, indelSimilarity: 1, lengthRatio: 1 },
    });
  });

  it('counts edits from what the corrector would have written', async () => {
    const tokenizer = await load('byte-level, NFC');
    const corrector = createCorrector({ model: writing(tokenizer, 'café was.') });
    const rows = [{ question: 'q' }];
    const [answer] = await alignAnswers({ upstream: upstream(), corrector, rows, maxRounds: 1 });
    expect(answer?.rounds[0]).toMatchObject({ copied: false, edit: { editRatio: 2 / 8 } });
  });

  it('decides for a function as for a model', async () => {
    const corrector = correctorFromFunction({
      name: 'composes',
      correct: (inputs) => inputs.map(({ last }) => last.trim().normalize('NFC')),
    });
    const rows = [{ question: 'q' }];
    const [answer] = await alignAnswers({ upstream: upstream(), corrector, rows, maxRounds: 1 });
    expect(answer?.rounds[0]).toMatchObject({ copied: true, edit: { editRatio: 0 } });
    expect(answer?.text).toBe(sentence);
  });
});
