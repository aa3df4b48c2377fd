/** Judges behind servers: both orders, verdicts, probabilities, and what is paid for once. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCriterion } from '../../src/judge/criterion.js';
import { openJudge } from '../../src/judge/open.js';
import { comparePairs, type PreferencePair } from '../../src/judge/preference.js';
import { readBegunVerdict, readVerdict } from '../../src/judge/verdict.js';
import { openPaidAnswers } from '../../src/record/paidAnswers.js';
import { Meter } from '../../src/wire/meter.js';
import { fakeServer, type Behaviour } from '../wire/fakeServer.js';

const folder = mkdtempSync(join(tmpdir(), 'judges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = (first: string, second: string): PreferencePair => ({
  ...{ question: { id: 'tea', question: 'How do I make tea?' }, first, second },
});

/** A server that replies to each order of these answers as `reply` says. */
function judging(
  answers: readonly string[],
  reply: (first: string, second: string) => string,
  criterion = 'helpful',
): Behaviour {
  const { prompt } = readCriterion(criterion);
  const known = answers.flatMap((first) =>
    answers.map((second) => [
      prompt({ question: 'How do I make tea?', first, second }),
      reply(first, second),
    ]),
  );
  return { answers: Object.fromEntries(known) as Record<string, string> };
}

const longer = (first: string, second: string): string =>
  first.length === second.length ? '[[C]]' : first.length > second.length ? '[[A]]' : '[[B]]';

describe('verdicts', () => {
  it.each([
    ['[[A]]', 'A'],
    ['Answer B is clearer.\n\n[[B]]\n', 'B'],
    ['<think>[[A]]? No.</think>[[C]]', 'C'],
    ['[[A]] … [[A]]', 'A'],
    ['[[A]] or [[B]]', null],
    ['A', null],
    ['[[a]]', null],
    ['[[D]]', null],
    ['<think>[[A]]', null],
    ['', null],
  ])('of %j is %j', (reply, letter) => {
    const verdict = readVerdict(reply);
    expect(verdict?.letter ?? null).toBe(letter);
    if (verdict) expect(reply[verdict.at]).toBe(letter);
  });
});

it.each([
  ['[[A]] if answer A is better, [[B]] if', 'A'],
  ['[[C]', null],
  ['A]]', null],
  ['[[D]]', null],
])('a begun verdict of %j is %j', (reply, letter) => {
  expect(readBegunVerdict(reply)?.letter ?? null).toBe(letter);
});

describe('criteria', () => {
  it('fill in texts once: an answer with a place in it stays as it is', () => {
    const { prompt } = readCriterion('helpful');
    const text = prompt({ question: 'Q {first}', first: '{second} $& [[A]]', second: 'two' });
    expect(text).toContain('[Question]\nQ {first}\n');
    expect(text).toContain('[Answer A]\n{second} $& [[A]]\n');
  });

  it('of one’s own need all three places', () => {
    const file = join(folder, 'kind.txt');
    writeFileSync(file, 'Which is kinder? {question} {first}');
    expect(() => readCriterion(file)).toThrow('kind.txt lacks {second}');
    expect(() => readCriterion('polite')).toThrow('criterion: polite cannot be read');
    writeFileSync(file, 'Which is kinder? {question} {first} {second}');
    const own = readCriterion(file);
    expect(own.name).toBe('kind');
    expect(own.sha256).not.toBe(readCriterion('helpful').sha256);
  });
});

describe('a served judge', () => {
  it('says who wins where both orders agree, else a tie, and null without a verdict', async () => {
    const answers = ['Boil.', 'Boil water.', 'Ask.', 'Steep it.', 'Hm.'];
    const reply = (first: string, second: string): string => {
      if (first === 'Hm.') return 'Both are nice.';
      // Whatever stands first is better than this one, and this one than whatever stands second.
      if ([first, second].includes('Steep it.')) return '[[A]]';
      return longer(first, second);
    };
    await using server = await fakeServer(judging(answers, reply));
    const judge = await openJudge(`${server.url}#fake`);
    const pairs = [
      pair('Boil.', 'Boil water.'),
      pair('Boil water.', 'Boil.'),
      pair('Boil.', 'Ask.'),
      pair('Boil.', 'Steep it.'),
      pair('Ask.', 'Hm.'),
      pair('Ask.', 'Ask.'),
      pair('Boil.', 'Boil water.'),
    ];
    const before = server.asked.length;
    const said = await comparePairs(judge, pairs);
    expect(said).toEqual([
      { preferred: 'second', orders: ['second', 'second'] },
      { preferred: 'first', orders: ['first', 'first'] },
      { preferred: 'first', orders: ['first', 'first'] },
      { preferred: 'tie', orders: ['first', 'second'] },
      { preferred: null, orders: [longerWord('Ask.', 'Hm.'), null] },
      { preferred: 'tie', identical: true },
      { preferred: 'second', orders: ['second', 'second'] },
    ]);
    // Equal answers are not asked about, equal pairs once.
    expect(server.asked.length - before).toBe(10);
    expect(server.asked.every(({ temperature }) => temperature === 0)).toBe(true);
  });

  it('takes a server’s probabilities where they stand a trial, and only there', async () => {
    const answers = ['Boil.', 'Boil water.'];
    const judge = async (logprobs?: Behaviour['logprobs']) => {
      await using server = await fakeServer({ ...judging(answers, longer), logprobs });
      await using opened = await openJudge(`${server.url}#fake`);
      const [said] = await comparePairs(opened, [pair('Boil.', 'Boil water.')]);
      return { said, real: opened.model.settings?.logprobs };
    };
    // [[B]]: B 0.6, A 0.3, C 0.1; swapped [[A]]: A 0.6, B 0.3, C 0.1.
    const { said, real } = await judge('real');
    expect(real).toBe(true);
    expect(said?.probability).toBeCloseTo((0.3 + 0.05 + 1 - 0.65) / 2, 6);
    for (const other of [undefined, 'shifted', 'refuse'] as const) {
      const without = await judge(other);
      expect([other, without.real, without.said]).toEqual([
        ...[other, false, { preferred: 'second', orders: ['second', 'second'] }],
      ]);
    }
  });

  it('has its reply begun for it, whatever it would have written, with the probabilities of what follows', async () => {
    const answers = ['Boil.', 'Boil water.'];
    const reply = (first: string, second: string): string => `${longer(first, second)} or [[C]]? Hard to say.`; // prettier-ignore
    const open = async (behaviour: Behaviour) => {
      await using server = await fakeServer({ ...judging(answers, reply), ...behaviour });
      await using judge = await openJudge(`${server.url}#fake`, { verdict: 'begun' });
      const said = await comparePairs(judge, [pair('Boil.', 'Boil water.')]);
      return { said, last: server.asked.at(-1), settings: judge.model.settings };
    };
    const second = { preferred: 'second', orders: ['second', 'second'] };
    for (const trailing of ['continue', 'repeat'] as const) {
      const { said, last, settings } = await open({ trailing });
      expect(said, trailing).toEqual([second]);
      expect(last?.messages?.at(-1)).toEqual({ role: 'assistant', content: '[[' });
      expect(settings).toMatchObject({ verdict: 'begun', maxTokens: 4, logprobs: false });
    }
    const behaviour = { completions: true, applyTemplate: true } as const;
    const { said, last, settings } = await open({ ...behaviour, logprobs: 'real' });
    expect(said[0]).toMatchObject(second);
    expect(settings).toMatchObject({ logprobs: true });
    expect(said[0]?.probability).toBeCloseTo((0.3 + 0.05 + 1 - 0.65) / 2, 6);
    expect(last).toMatchObject({ logprobs: 5, prompt: expect.stringMatching(/<assistant>\[\[$/) as string }); // prettier-ignore
    await expect(open({ trailing: 'new turn' })).rejects.toThrow('no verdict can be begun for it');
  });

  it('asks nothing twice, also with another judge of that server, and keeps no key', async () => {
    const key = 'sk-very-secret';
    const answers = ['Boil.', 'Boil water.'];
    const behaviour = judging(answers, longer);
    const harmless = judging(answers, longer, 'harmless');
    await using server = await fakeServer({
      ...{ key, logprobs: 'real', answers: { ...behaviour.answers, ...harmless.answers } },
    });
    const host = new URL(server.url).host.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    const env = { [`ALIGNER_LAB_KEY_${host}`]: key };
    const run = async (criterion: string) => {
      const meter = new Meter();
      const paid = (identity: { sha256: string }) => openPaidAnswers(folder, identity);
      const options = { criterion, server: { env, meter, paid } };
      await using judge = await openJudge(`${server.url}#fake`, options);
      const said = await comparePairs(judge, [pair('Boil.', 'Boil water.')]);
      return { said, remembered: meter.traffic().remembered, identity: judge.identity };
    };
    const first = await run('helpful');
    const before = server.asked.length;
    const again = await run('helpful');
    expect([again.said, first.remembered, again.remembered]).toEqual([first.said, 0, 2]);
    // Opening asks; judging does not.
    expect(server.asked.slice(before).some((body) => JSON.stringify(body).includes('Boil'))).toBe(
      false,
    );
    expect(again.said[0]?.probability).toBeCloseTo(0.35, 6);
    const other = await run('harmless');
    expect([other.remembered, other.identity === first.identity]).toEqual([0, false]);
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain(key);
    }
  });

  it('cannot say of answers that are too long for it', async () => {
    const body = 'maximum context length is 20 tokens';
    await using server = await fakeServer({
      trouble: (_, asked) =>
        JSON.stringify(asked).includes('Boil') ? { kind: 'status', status: 400, body } : null,
    });
    await using judge = await openJudge(`${server.url}#fake`);
    expect(await judge.compare([pair('Boil.', 'No.')])).toEqual([null]);
  });

  it('is not opened by another name', async () => {
    await expect(openJudge('nobody')).rejects.toThrow('judge: nobody is no judge');
  });
});

function longerWord(first: string, second: string): string {
  return { '[[A]]': 'first', '[[B]]': 'second', '[[C]]': 'tie' }[longer(first, second)] ?? '';
}
