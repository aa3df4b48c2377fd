/** Upstreams, correctors and Aligners behind a server, a misbehaving one included. */
import { describe, expect, it, vi } from 'vitest';
import { correctorFromFunction } from '../../src/align/functions.js';
import { openAligner, openCorrector, openUpstream } from '../../src/align/open.js';
import type { PaidAnswer, PaidAnswers } from '../../src/align/served/tapes.js';
import type { ServerOptions } from '../../src/align/served/open.js';
import { alignAnswers } from '../../src/align/stream.js';
import { Meter } from '../../src/wire/meter.js';
import {
  answerTo,
  fakeServer,
  writeBehind,
  type Behaviour,
  type FakeServer,
  type Trouble,
} from '../wire/fakeServer.js';

const copying = correctorFromFunction({
  name: 'copies',
  correct: (inputs) => inputs.map(({ last }) => last.trim()),
});
const questions = (count: number): string[] => Array.from({ length: count }, (_, i) => `Question ${i}?`); // prettier-ignore
const rowsOf = (all: readonly string[]): { question: string }[] => all.map((question) => ({ question })); // prettier-ignore
const soon = { retries: { most: 8, pause: 1 } } as const;

function open(server: FakeServer, options: ServerOptions = {}): ReturnType<typeof openUpstream> {
  return openUpstream(`${server.url}#fake`, { server: { env: {}, ...soon, ...options } });
}

function memory(): PaidAnswers & { kept: Map<string, PaidAnswer> } {
  const kept = new Map<string, PaidAnswer>();
  return {
    kept,
    get: (key) => kept.get(key),
    put: (answer) => Promise.resolve(void kept.set(answer.key, answer)),
  };
}

describe('a served upstream', () => {
  it.each<Behaviour>([
    { completions: true, applyTemplate: true },
    { continueFinal: 'continue' },
    { trailing: 'repeat' },
    { prefixField: 'continue', usage: 'none', done: false, comments: true },
    { trailing: 'continue', whole: true },
  ])('keeps every byte of a copied answer: %o', async (behaviour) => {
    await using server = await fakeServer(behaviour);
    await using upstream = await open(server);
    const all = questions(40);
    for (const caches of [true, false]) {
      const loop = { upstream, corrector: copying, caches };
      const answers = await alignAnswers({ ...loop, rows: rowsOf(all) });
      expect(answers.map(({ text }) => text)).toEqual(all.map((question) => answerTo(question)));
      expect(answers.every(({ stop }) => stop === 'end-of-answer')).toBe(true);
    }
    const whole = await upstream.finish(all.map((question) => ({ question, prefix: '' })));
    expect(whole.map(({ text }) => text)).toEqual(all.map((question) => answerTo(question)));
    expect(whole.every(({ ended }) => ended)).toBe(true);
  });

  it('reads a copied answer from one stream, and asks anew behind a rewritten sentence', async () => {
    await using server = await fakeServer({ trailing: 'continue', pace: 1 });
    await using upstream = await open(server);
    const before = server.asked.length;
    await alignAnswers({ upstream, corrector: copying, rows: rowsOf(['One?']) });
    expect(server.asked.length - before).toBe(1);
    const rewriting = correctorFromFunction({
      name: 'rewrites',
      correct: (inputs) =>
        inputs.map(({ prefix, last }) => (prefix === '' ? 'Anew.' : last.trim())),
    });
    const [answer] = await alignAnswers({ upstream, corrector: rewriting, rows: rowsOf(['Two?']) });
    const rest = writeBehind('Two?', 'Anew.');
    expect(answer?.text).toBe(`Anew.${rest}`);
    expect(server.asked.slice(before + 1).map(({ messages }) => messages?.at(-1)?.content)).toEqual(['Two?', 'Anew.']); // prettier-ignore
    await vi.waitFor(() => expect(server.aborted).toBeGreaterThan(0));
  });

  it('is refused in a loop where the server goes on with nothing, and answers whole questions', async () => {
    await using server = await fakeServer({});
    await using upstream = await open(server);
    await expect(alignAnswers({ upstream, corrector: copying, rows: rowsOf(['One?']) })).rejects.toThrow(/goes on with no answer.*new turn.*--template/s); // prettier-ignore
    const [whole] = await upstream.finish([{ question: 'One?', prefix: '' }]);
    expect(whole?.text).toBe(answerTo('One?'));
  });

  it('never asks again for what was paid for', async () => {
    const paid = memory();
    const all = questions(12);
    await using server = await fakeServer({ trailing: 'continue' });
    const probing: number[] = [];
    const texts: string[][] = [];
    for (const run of [0, 1]) {
      const before = server.asked.length;
      await using upstream = await open(server, { paid: () => Promise.resolve(paid) });
      probing[run] = server.asked.length - before;
      const answers = await alignAnswers({ upstream, corrector: copying, rows: rowsOf(all) });
      texts[run] = answers.map(({ text }) => text);
    }
    expect(texts[1]).toEqual(texts[0]);
    expect(server.asked.length).toBe((probing[0] ?? 0) + (probing[1] ?? 0) + 12);
    expect(paid.kept.size).toBe(12);
  });

  it('keeps no key anywhere but in its requests', async () => {
    const key = 'sk-very-secret';
    const paid = memory();
    await using server = await fakeServer({ trailing: 'continue', key });
    const host = new URL(server.url).host.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    const variable = `ALIGNER_LAB_KEY_${host}`;
    await expect(open(server)).rejects.toThrow(`put it into ${variable}`);
    await using upstream = await open(server, {
      env: { [variable]: key },
      paid: () => Promise.resolve(paid),
    });
    await alignAnswers({ upstream, corrector: copying, rows: rowsOf(['One?']) });
    expect(server.headers.every(({ authorization }) => authorization === `Bearer ${key}`)).toBe(
      true,
    );
    expect(JSON.stringify([upstream.identity, ...paid.kept.values()])).not.toContain(key);
  });

  it('stops at its budget, and says that what is answered is kept', async () => {
    await using server = await fakeServer({ trailing: 'continue' });
    const meter = new Meter({ budget: { requests: 10 } });
    await using upstream = await open(server, { meter, concurrency: 1 });
    const inputs = questions(20).map((question) => ({ question, prefix: '' }));
    await expect(upstream.finish(inputs)).rejects.toThrow(
      /budget: 10 requests of 10 are used up.*kept/,
    );
    expect(server.asked.length).toBe(10);
  });
});

/** `CHAOS=1000` for the long run. */
const prompts = Number(process.env.CHAOS ?? 150);

describe(`${prompts} prompts through a server that fails in every way`, () => {
  it('loses none, doubles none and counts all', { timeout: 120_000 }, async () => {
    const troubles: (Trouble | null)[] = [
      null,
      { kind: 'status', status: 429, headers: { 'Retry-After': '0' } },
      { kind: 'cut', after: 3 },
      null,
      { kind: 'status', status: 503 },
      { kind: 'stall', after: 2 },
      { kind: 'error event', after: 5 },
      { kind: 'not json', after: 1 },
      { kind: 'cut', after: 0 },
    ];
    let failed = 0;
    const trouble = (count: number): Trouble | null => {
      const at = count % 2 === 0 || count < 12 ? 0 : (count >> 1) % troubles.length;
      const one = troubles[at] ?? null;
      if (one) failed++;
      return one;
    };
    await using server = await fakeServer({ continueFinal: 'continue', trouble });
    const meter = new Meter();
    await using upstream = await open(server, {
      ...{ meter, concurrency: 32, deadlines: { firstText: 3000, betweenTexts: 600 } },
      retries: { most: 12, pause: 1 },
    });
    const all = questions(prompts);
    const rewriting = correctorFromFunction({
      name: 'rewrites some',
      correct: (inputs) =>
        inputs.map(({ question, prefix, last }) =>
          question.endsWith('7?') && prefix === '' ? 'Anew.' : last.trim(),
        ),
    });
    const answers = await alignAnswers({ upstream, corrector: rewriting, rows: rowsOf(all) });
    const right = all.map((question) =>
      question.endsWith('7?') ? `Anew.${writeBehind(question, 'Anew.')}` : answerTo(question),
    );
    expect(answers.map(({ text }) => text)).toEqual(right);
    expect(failed).toBeGreaterThan(prompts / 4);
    expect(meter.traffic().requests).toBeGreaterThanOrEqual(prompts);
  });
});

describe('served correctors and Aligners', () => {
  it('correct by text alone, and are neither read nor steered', async () => {
    const prompt = '##Question: q | ##Answer_Prefix:  | ##Answer_Last_Sentence: One. | ##Your_Revision: '; // prettier-ignore
    const whole = '##Question: q\n##Answer: One.\n##Correction: ';
    await using server = await fakeServer({ answers: { [prompt]: ' Two. ', [whole]: 'One.' } });
    const how = { server: { env: {}, ...soon } };
    await using corrector = await openCorrector(`${server.url}#fake`, how);
    const input = { question: 'q', prefix: '', last: '\nOne.' };
    expect(await corrector.correct([input])).toMatchObject([{ text: 'Two.', finish: 'stop', readings: null }]); // prettier-ignore
    expect(corrector.readable).toBe(false);
    expect(corrector.identity).toMatchObject({ kind: 'server', name: 'fake' });
    await expect(
      corrector.correct([{ ...input, coefficient: new Float32Array(2) }]),
    ).rejects.toThrow('cannot be read or steered');
    await using aligner = await openAligner(`${server.url}#fake`, how);
    expect(await aligner.correct([{ question: 'q', answer: 'One.' }])).toMatchObject([{ text: 'One.' }]); // prettier-ignore
  });
});

describe('what a server withholds', () => {
  const withheld = 'withheld its answer (content_filter)';
  const filtered = (after: number): Behaviour => ({ completions: true, applyTemplate: true, trouble: () => ({ kind: 'filter', after }) }); // prettier-ignore
  /** Nothing goes wrong until it is opened. */
  async function openedFirst(after: number) {
    let on = false;
    const { trouble, ...behaviour } = filtered(after);
    const server = await fakeServer({ ...behaviour, trouble: (count, body) => (on ? (trouble?.(count, body) ?? null) : null) }); // prettier-ignore
    const upstream = await open(server);
    on = true;
    return { server, upstream };
  }

  it('is no silence of the upstream: an error, behind the sentences that it wrote', async () => {
    const { server, upstream } = await openedFirst(0);
    const place = { question: 'Question 1?', prefix: '' };
    await expect(upstream.nextSentences([place])).rejects.toThrow(withheld);
    await expect(upstream.finish([place])).rejects.toThrow(withheld);
    await server[Symbol.asyncDispose]();
    const later = await openedFirst(12);
    const [first] = await later.upstream.nextSentences([place]);
    expect(answerTo(place.question).startsWith(first?.text ?? 'nothing')).toBe(true);
    expect(first?.text).not.toBe('');
    await later.server[Symbol.asyncDispose]();
  });

  it('is no correction', async () => {
    await using server = await fakeServer(filtered(0));
    await using corrector = await openCorrector(`${server.url}#fake`, { server: { env: {}, ...soon } }); // prettier-ignore
    const input = { question: 'Question 1?', prefix: '', last: 'It is 3.' };
    await expect(corrector.correct([input])).rejects.toThrow(withheld);
  });
});
