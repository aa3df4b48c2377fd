import { describe, expect, it } from 'vitest';
import { memoiseCorrector, memoiseUpstream } from '../../src/align/memo.js';
import { firstSentence, sentenceStops } from '../../src/align/sentence.js';
import { createLocalUpstream } from '../../src/align/upstream.js';
import { fakeCorrector, fakeUpstream, reciter } from './fakes.js';

describe('firstSentence', () => {
  const behind = { space: '', ended: true };

  it('waits until the end is certain, and never loses a tail', () => {
    expect(firstSentence('He left.', false).sentence).toBeNull();
    expect(firstSentence('He left. T', false)).toEqual({
      ...{ sentence: 'He left.', space: ' ', ended: false },
    });
    expect(firstSentence('It costs 3.', false).sentence).toBeNull();
    expect(firstSentence('It costs 3.50', false).sentence).toBeNull();
    expect(firstSentence(' no full stop', true)).toEqual({ ...behind, sentence: ' no full stop' });
    expect(firstSentence('\n\n', true)).toEqual({ ...behind, sentence: '' });
  });

  it('says the end was reached only where nothing else follows', () => {
    expect(firstSentence('A cat.\n\nA dog.', true)).toEqual({
      ...{ sentence: 'A cat.', space: '\n\n', ended: false },
    });
    expect(firstSentence('A dog. ', true)).toEqual({ ...behind, sentence: 'A dog. ' });
  });
});

describe('sentenceStops', () => {
  it('finds every token whose text may end a sentence', () => {
    const stops = sentenceStops(reciter({}).tokenizer, 128);
    expect(stops.map((id) => String.fromCharCode(id)).sort()).toEqual(['\n', '!', '.', '?']);
  });
});

describe('createLocalUpstream', () => {
  const answers = {
    plain: 'He had 3 bags. Then 4 more! Is it 7?',
    decimals: 'Dr. Lee paid $3.50 for 1.5 kg. He left.',
    quotes: 'He said "Stop." Then he left.',
    lines: '\n\nFirst line\nSecond line',
    tail: 'no full stop',
    empty: '',
  };
  const question = (name: keyof typeof answers) => ({ question: name, prefix: '' });

  it('cuts whole answers into their sentences, each from the prefix before it', async () => {
    const upstream = createLocalUpstream({ model: reciter(answers) });
    const sentences: string[] = [];
    for (let prefix = ''; ; prefix = sentences.join('')) {
      const [text] = await upstream.nextSentences([{ question: 'plain', prefix }]);
      if (!text?.text) break;
      sentences.push(text.text);
    }
    expect(sentences).toEqual(['He had 3 bags.', ' Then 4 more!', ' Is it 7?']);
  });

  it('is not misled by points inside a sentence', async () => {
    const upstream = createLocalUpstream({ model: reciter(answers) });
    const texts = await upstream.nextSentences([question('decimals'), question('quotes')]);
    expect(texts.map(({ text }) => text)).toEqual([
      'Dr. Lee paid $3.50 for 1.5 kg.',
      'He said "Stop."',
    ]);
  });

  it('gives in a batch what it gives row by row', async () => {
    const names = Object.keys(answers) as (keyof typeof answers)[];
    const upstream = createLocalUpstream({ model: reciter(answers), clock: () => 0 });
    const batch = await upstream.nextSentences(names.map(question));
    const single = [];
    for (const name of names) single.push(...(await upstream.nextSentences([question(name)])));
    expect(batch).toEqual(single);
    expect(batch.map(({ text, ended }) => [text, ended])).toEqual([
      ['He had 3 bags.', false],
      ['Dr. Lee paid $3.50 for 1.5 kg.', false],
      ['He said "Stop."', false],
      ['\n\nFirst line', false],
      ['no full stop', true],
      ['', true],
    ]);
  });

  it('hands on what there is where a sentence is too long', async () => {
    const upstream = createLocalUpstream({ model: reciter(answers), maxSentenceTokens: 6 });
    const [text] = await upstream.nextSentences([question('tail')]);
    expect(text).toMatchObject({ text: 'no ful', ended: false, tokens: 6 });
  });

  it('keeps every row to its own limit', async () => {
    // After their points one has 5 tokens left and the other 4.
    const both = { first: 'A.5 bcdefghijk', second: 'Ab.5 cdefghijk' };
    const upstream = createLocalUpstream({ model: reciter(both), maxSentenceTokens: 8 });
    const inputs = Object.keys(both).map((name) => ({ question: name, prefix: '' }));
    const texts = await upstream.nextSentences(inputs);
    expect(texts.map(({ text }) => text)).toEqual(['A.5 bcde', 'Ab.5 cde']);
  });

  it('looks no further ahead than the first character of the next sentence', async () => {
    const upstream = createLocalUpstream({ model: reciter(answers) });
    const [text] = await upstream.nextSentences([question('plain')]);
    expect(text?.tokens).toBe('He had 3 bags. T'.length);
  });

  it('writes the whole rest of an answer', async () => {
    const upstream = createLocalUpstream({ model: reciter(answers), maxAnswerTokens: 30 });
    const texts = await upstream.finish([
      { question: 'plain', prefix: 'He had 3 bags.' },
      { question: 'decimals', prefix: '' },
    ]);
    expect(texts.map(({ text, ended }) => [text, ended])).toEqual([
      [' Then 4 more! Is it 7?', true],
      ['Dr. Lee paid $3.50 for 1.5 kg.', false],
    ]);
  });

  it('draws from seeds of the row’s own, whatever batch it is in', async () => {
    const model = reciter(answers);
    const sampling = { temperature: 1, seed: 7 };
    const upstream = createLocalUpstream({ model, sampling });
    await upstream.finish([question('plain'), question('tail')]);
    await upstream.finish([question('tail')]);
    const [both, alone] = model.requests.map((request) => request.sampling?.rowSeeds);
    expect(alone).toEqual([both?.[1]]);
    expect(both?.[0]).not.toBe(both?.[1]);
  });

  it('goes on with a conversation in its own chat, and draws as a request asks', async () => {
    const model = reciter(answers);
    const chat = (turns: readonly { role: string; content: string }[]): string =>
      `<${turns.map(({ content }) => content).at(-1)}>`;
    const upstream = createLocalUpstream({ model: { ...model, tokenizer: { ...model.tokenizer, chat } } }); // prettier-ignore
    const turns = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'so' },
      { role: 'user', content: 'plain' },
    ] as const;
    const input = { question: 'all of it', turns, prefix: '' };
    const [next] = await upstream.nextSentences([input]);
    expect(next?.text).toBe('He had 3 bags.');
    const sampling = { temperature: 0.5, topP: 0.9, seed: 0 };
    await upstream.finish([{ ...input, sample: 4 }], { sampling });
    const own = createLocalUpstream({ model, sampling });
    await own.finish([{ question: 'plain', prefix: '' }]);
    const [asked, usual] = model.requests.slice(-2).map((request) => request.sampling);
    expect(asked).toMatchObject({ temperature: 0.5, topP: 0.9 });
    expect(usual?.rowSeeds).not.toEqual(asked?.rowSeeds);
  });

  it('draws another sample where another is wanted; the first is as ever', async () => {
    const model = reciter(answers);
    const upstream = createLocalUpstream({ model, sampling: { temperature: 1, seed: 7 } });
    const samples = [0, 1, 2].map((sample) => ({ ...question('tail'), sample }));
    await upstream.finish(samples);
    await upstream.finish([question('tail')]);
    const [all, plain] = model.requests.map((request) => request.sampling?.rowSeeds);
    expect(new Set(all).size).toBe(3);
    expect(plain).toEqual([all?.[0]]);
  });

  it('refuses a batch where only some rows have a cache', () => {
    const model = reciter(answers);
    const upstream = createLocalUpstream({ model });
    const cache = model.decoder.openCache();
    expect(() =>
      upstream.nextSentences([{ ...question('tail'), cache }, question('plain')]),
    ).toThrow(/expected 2 or 0, got 1/);
  });
});

describe('memoiseUpstream', () => {
  it('asks once for each question and prefix, also within a batch', async () => {
    const upstream = fakeUpstream(({ question, prefix }) => `${question}${prefix.length}.`);
    const memo = memoiseUpstream(upstream);
    const inputs = [
      { question: 'a', prefix: '' },
      { question: 'b', prefix: '' },
      { question: 'a', prefix: '' },
    ];
    const first = await memo.nextSentences(inputs);
    const second = await memo.nextSentences([...inputs, { question: 'a', prefix: 'x' }]);
    expect(first.map(({ text }) => text)).toEqual(['a0.', 'b0.', 'a0.']);
    expect(second.map(({ text }) => text)).toEqual(['a0.', 'b0.', 'a0.', ' a1.']);
    expect(upstream.calls.map((call) => call.length)).toEqual([2, 1]);
    expect(memo.asked).toBe(3);
  });

  it('keeps sentences and rests of answers apart', async () => {
    const memo = memoiseUpstream(
      fakeUpstream(
        () => 'A.',
        () => 'A. B.',
      ),
    );
    const inputs = [{ question: 'a', prefix: '' }];
    const texts = [...(await memo.nextSentences(inputs)), ...(await memo.finish(inputs))];
    expect(texts.map(({ text }) => text)).toEqual(['A.', 'A. B.']);
  });
});

describe('memoiseCorrector', () => {
  it('asks once about each sentence in its place', async () => {
    const corrector = fakeCorrector(({ question, prefix, last }) => `${question}${prefix}${last}`);
    const memo = memoiseCorrector(corrector);
    const inputs = [
      { question: 'a', prefix: '', last: 'x' },
      { question: 'a', prefix: 'x', last: '' },
      { question: 'a', prefix: '', last: 'x' },
    ];
    const texts = [...(await memo.correct(inputs)), ...(await memo.correct(inputs.slice(1)))];
    expect(texts.map(({ text }) => text)).toEqual(['ax', 'ax', 'ax', 'ax', 'ax']);
    expect(corrector.calls).toEqual([inputs.slice(0, 2)]);
  });

  it('refuses to be steered, read or sampled', async () => {
    const memo = memoiseCorrector(fakeCorrector(({ last }) => last));
    const steering = { direction: new Float32Array(2) };
    await expect(memo.correct([], { steering })).rejects.toThrow(/cannot be steered/);
    const sampling = { temperature: 1, seed: 1 };
    await expect(memo.correct([], { sampling })).rejects.toThrow(/ask the corrector itself/);
  });
});
