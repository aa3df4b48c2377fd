import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCorrector } from '../../src/align/corrector.js';
import { correctorFromFunction, upstreamFromFunction } from '../../src/align/functions.js';
import { openAligner, openCorrector, openUpstream } from '../../src/align/open.js';
import { requireModel, requireReadable } from '../../src/align/readable.js';
import { alignAnswers } from '../../src/align/stream.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { writeTinyModel } from '../cli/harness.js';
import { fakeModel } from './fakes.js';

let folder: string;
let tiny: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'open-'));
  tiny = writeTinyModel(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes rows and returns the name that opens them. */
function record(name: string, rows: readonly object[]): string {
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return `recorded:${name}`;
}

const place = { question: 'q', prefix: '', last: 'One.' };
const hex = /^[\da-f]{64}$/;

describe('opening by name', () => {
  it('opens a local model as an upstream, a corrector and an Aligner', async () => {
    const upstream = await openUpstream(tiny, { maxSentenceTokens: 4 });
    const corrector = await openCorrector(tiny, { maxNewTokens: 4 });
    const aligner = await openAligner(tiny, { maxNewTokens: 4, name: 'mine' });
    const [sentence] = await upstream.nextSentences([{ question: 'q', prefix: '' }]);
    expect(sentence?.tokens).toBeGreaterThan(0);
    expect(await corrector.correct([place])).toHaveLength(1);
    expect(await aligner.correct([{ question: 'q', answer: 'One.' }])).toHaveLength(1);
    expect(upstream.identity).toEqual({
      ...{ kind: 'model', name: 'tiny', source: tiny, device: 'cpu' },
      sha256: expect.stringMatching(hex) as string,
      settings: { maxSentenceTokens: 4, maxAnswerTokens: 512 },
    });
    expect([corrector.readable, aligner.readable, aligner.name]).toEqual([true, true, 'mine']);
    for (const each of [upstream, corrector, aligner]) await each.close();
  });

  it('frees the model it opened, once, and leaves one it was given', async () => {
    const opened = await openCorrector(tiny);
    await opened.close();
    await opened.close();
    await expect(opened.correct([place])).rejects.toThrow();
    await using model = await loadLanguageModel({ model: tiny });
    await createCorrector({ model }).close();
    expect(await createCorrector({ model, maxNewTokens: 2 }).correct([place])).toHaveLength(1);
  });

  it('refuses an address with a password, and shows none of it', async () => {
    const name = 'https://user:secret@host/v1?key=hidden#model';
    for (const open of [openUpstream, openCorrector, openAligner]) {
      await expect(open(name)).rejects.toThrow('put the key into ALIGNER_LAB_KEY_HOST');
      await expect(open(name)).rejects.toThrow(/^(?!.*(secret|hidden))/);
    }
  });

  it('says where a recording is missing, and what one must hold', async () => {
    await expect(openUpstream('recorded:none.jsonl', { folder })).rejects.toThrow('no file');
    const other = record('other.jsonl', [{ question: 'q', text: 'x' }]);
    await expect(openUpstream(other, { folder })).rejects.toThrow('got question, text');
    await expect(openUpstream(record('empty.jsonl', []), { folder })).rejects.toThrow('is empty');
  });
});

describe('recorded answers', () => {
  it('are refused in a loop, unless their sentences are to go on by count', async () => {
    const name = record('loop.jsonl', [{ question: 'q', answer: 'One. Two.' }]);
    const corrector = correctorFromFunction({ name: 'adds', correct: (rows) => rows.map(({ last }) => last.replace('One', 'Eins')) }); // prettier-ignore
    const run = async (upstream: string): Promise<string | undefined> =>
      (await alignAnswers({ upstream: await openUpstream(upstream, { folder }), corrector, rows: [{ question: 'q' }] }))[0]?.text; // prettier-ignore
    await expect(run(name)).rejects.toThrow('do not react to corrections (#by-count');
    expect(await run(`${name}#by-count`)).toBe('Eins. Two.');
  });

  const rows = [
    { question: 'q', answer: 'One is 1. Two is\nboth. Three.' },
    { question: 'q', answer: 'Another.' },
  ];

  it('go on after a prefix that begins them, and end with them', async () => {
    const upstream = await openUpstream(record('answers.jsonl', rows), { folder });
    const says = async (prefix: string) => {
      const [text] = await upstream.nextSentences([{ question: 'q', prefix }]);
      return [text?.text, text?.ended];
    };
    expect(await says('')).toEqual(['One is 1.', false]);
    expect(await says('One is 1.')).toEqual([' Two is', false]);
    expect(await says('One is 1. Two is both.')).toEqual([' Three.', true]);
    expect(await says('One is 1. Two is both. Three.')).toEqual(['', true]);
    expect(upstream.identity).toMatchObject({ kind: 'recorded', name: 'answers' });
    expect(upstream.identity.sha256).toMatch(hex);
  });

  it('go on by count after a prefix that was rewritten', async () => {
    const upstream = await openUpstream(record('answers.jsonl', rows), { folder });
    const [text] = await upstream.nextSentences([{ question: 'q', prefix: 'One is one!' }]);
    expect(text?.text).toBe(' Two is');
    const [rest] = await upstream.finish([{ question: 'q', prefix: 'One is one!' }]);
    expect(rest).toMatchObject({ text: ' Two is\nboth. Three.', ended: true });
  });

  it('hold as many samples as rows, and name what they do not hold', async () => {
    const upstream = await openUpstream(record('answers.jsonl', rows), { folder });
    const ask = (input: object) => upstream.finish([{ question: 'q', prefix: '', ...input }]);
    expect((await ask({ sample: 1 }))[0]?.text).toBe('Another.');
    await expect(ask({ sample: 2 })).rejects.toThrow('no answer for question "q", sample 2');
    await expect(ask({ question: 'unknown' })).rejects.toThrow('question "unknown"');
  });

  it('take sentences in their places, verbatim, as quadruples hold them', async () => {
    const name = record('places.jsonl', [
      { question: 'q', prefix: '', last: 'A. B.' },
      { question: 'q', prefix: 'A. B.', last: '' },
    ]);
    const upstream = await openUpstream(name, { folder });
    const at = (prefix: string) => [{ question: 'q', prefix }];
    expect((await upstream.nextSentences(at('')))[0]?.text).toBe('A. B.');
    expect((await upstream.finish(at('')))[0]).toMatchObject({ text: 'A. B.', ended: true });
    await expect(upstream.nextSentences(at('C.'))).rejects.toThrow('prefix "C."');
  });
});

describe('recorded corrections', () => {
  it('are looked up, and a passage without one is named', async () => {
    const name = record('pairs.jsonl', [{ ...place, correction: 'Two.' }]);
    const corrector = await openCorrector(name, { folder });
    expect(await corrector.correct([place])).toEqual([
      { text: 'Two.', tokens: 0, finish: 'stop', readings: null },
    ]);
    await expect(corrector.correct([{ ...place, last: 'Three.' }])).rejects.toThrow(
      'no correction for question "q", prefix "", last "Three."; add that row',
    );
    const aligner = await openAligner(
      record('whole.jsonl', [{ question: 'q', answer: 'a', correction: 'b' }]),
      { folder },
    );
    expect((await aligner.correct([{ question: 'q', answer: 'a' }]))[0]?.text).toBe('b');
    await expect(aligner.correct([{ question: 'q', answer: 'c' }])).rejects.toThrow('answer "c"');
  });
});

describe('recorded rows', () => {
  const whole = { question: 'q', answer: 'a' };

  it('are found whatever white space surrounds either side', async () => {
    const spaced = { question: ' q', prefix: '\n', last: 'One. ', answer: ' a\n', correction: 'b' };
    const corrector = await openCorrector(record('spaced.jsonl', [spaced]), { folder });
    expect((await corrector.correct([place]))[0]?.text).toBe('b');
    const aligner = await openAligner('recorded:spaced.jsonl', { folder });
    for (const answer of ['a', 'a ']) {
      expect((await aligner.correct([{ ...whole, answer }]))[0]?.text).toBe('b');
    }
    const answers = await openUpstream('recorded:spaced.jsonl', { folder });
    expect((await answers.finish([place]))[0]?.text).toBe(' a\n');
    const places = await openUpstream(
      record('spaced-places.jsonl', [{ question: 'q ', prefix: ' ', last: 'One.\n' }]),
      { folder },
    );
    expect((await places.nextSentences([place]))[0]?.text).toBe('One.');
  });

  it('may repeat, but not contradict each other', async () => {
    const once = { ...place, correction: 'Two.' };
    const same = record('same.jsonl', [once, { ...once, correction: 'Two. ' }]);
    expect((await (await openCorrector(same, { folder })).correct([place]))[0]?.text).toBe('Two.');
    const other = record('other.jsonl', [once, once, { ...once, correction: 'Three.' }]);
    await expect(openCorrector(other, { folder })).rejects.toThrow(
      /other\.jsonl:1 and \S*other\.jsonl:3 hold different texts \(correction for question "q", prefix "", last "One\."\); remove/,
    );
    const answers = record('two.jsonl', [
      { ...whole, correction: 'b' },
      { ...whole, answer: 'a ', correction: 'c' },
    ]);
    await expect(openAligner(answers, { folder })).rejects.toThrow(
      /two\.jsonl:1 and \S*two\.jsonl:2 hold different texts/,
    );
    const lasts = record('lasts.jsonl', [place, { ...place, last: 'Two.' }]);
    await expect(openUpstream(lasts, { folder })).rejects.toThrow(
      /lasts\.jsonl:1 and \S*lasts\.jsonl:2 hold different texts \(sentence for question "q", prefix ""\)/,
    );
  });

  it('stand in a file, not in a folder', async () => {
    for (const open of [openUpstream, openCorrector, openAligner]) {
      await expect(open(`recorded:${folder}`)).rejects.toThrow(
        `${folder}: cannot be read: it is a folder (expected a file)`,
      );
    }
  });

  it('are read past a byte order mark', async () => {
    writeFileSync(join(folder, 'mark.jsonl'), `\uFEFF${JSON.stringify(whole)}\n`);
    const upstream = await openUpstream('recorded:mark.jsonl', { folder });
    expect((await upstream.finish([place]))[0]?.text).toBe('a');
  });
});

describe('functions', () => {
  const upstream = upstreamFromFunction({
    name: 'two',
    write: (inputs) => inputs.map(({ prefix }) => ['One. Two.', 'Two.', ''][count(prefix)] ?? ''),
  });
  const count = (prefix: string): number => prefix.split('.').length - 1;
  const corrector = correctorFromFunction({
    name: 'louder',
    correct: (inputs) => inputs.map(({ last }) => last.replace('.', '!.')),
  });

  it('run in the loop as models do', async () => {
    const [answer] = await alignAnswers({ upstream, corrector, rows: [{ question: 'q' }] });
    expect(answer?.text).toBe('One!. Two!.');
    expect(answer?.rounds.map(({ last }) => last)).toEqual(['One.', ' Two.', '']);
  });

  it('must answer every row', async () => {
    const none = correctorFromFunction({ name: 'none', correct: () => [] });
    await expect(none.correct([place])).rejects.toThrow('corrector "none": its function gave');
  });

  it('must answer with texts', async () => {
    const makers = [
      (given: unknown) =>
        correctorFromFunction({ name: 'odd', correct: () => given as [] }).correct([place]),
      (given: unknown) =>
        upstreamFromFunction({ name: 'odd', write: () => given as [] }).nextSentences([place]),
      (given: unknown) =>
        upstreamFromFunction({ name: 'odd', write: () => given as [] }).finish([place]),
    ];
    for (const make of makers) {
      for (const given of [undefined, null, 'text', { length: 1 }]) {
        await expect(make(given)).rejects.toThrow(
          /^(corrector|upstream) "odd": its function gave another number of texts \(expected 1, got /,
        );
      }
      const odd = [undefined, null, 3, {}, { text: 3 }, { text: 'a', finish: 'end' }];
      for (const given of [...odd.map((each) => [each]), new Array(1)]) {
        await expect(make(given)).rejects.toThrow(
          /^(corrector|upstream) "odd": its function gave no text for row 0 \(expected a string or /,
        );
      }
    }
  });

  it('cannot be read, steered or sampled, and say what can', async () => {
    const steering = { direction: new Float32Array(1) };
    const asked = [
      corrector.correct([place], { steering }),
      corrector.correct([place], { project: { directions: new Float32Array(1), count: 1 } }),
      corrector.correct([{ ...place, coefficient: new Float32Array(1) }]),
    ];
    for (const each of asked) {
      await expect(each).rejects.toThrow(
        'corrector: "louder" is a function, which cannot be read or steered; name a local model',
      );
    }
    const sampling = { temperature: 1, seed: 0 };
    await expect(corrector.correct([place], { sampling })).rejects.toThrow('takes no sampling');
    expect(() => requireReadable(corrector, 'sweep')).toThrow('sweep: "louder" is a function');
    expect(() => requireModel(corrector, 'scan')).toThrow('scan: "louder" is a function');
  });

  it('have an identity of their name, or of their maker', async () => {
    const other = correctorFromFunction({ name: 'other', correct: () => [] });
    expect(corrector.identity.sha256).not.toBe(other.identity.sha256);
    let closed = 0;
    const own = correctorFromFunction({
      name: 'own',
      identity: { kind: 'server', name: 'own', sha256: 'abc' },
      correct: () => [],
      close: () => Promise.resolve(void closed++),
    });
    await own.close();
    await own[Symbol.asyncDispose]();
    expect([own.identity.sha256, closed]).toEqual(['abc', 1]);
  });
});

describe('requireModel', () => {
  it('gives the model of a local corrector', () => {
    const model = fakeModel(() => '');
    expect(requireModel(createCorrector({ model }), 'scan')).toBe(model);
  });
});
