import { describe, expect, it } from 'vitest';
import { alignerAsCorrector } from '../../../src/align/aligner.js';
import type { Upstream } from '../../../src/align/upstream.js';
import { problemById } from '../../../src/data/problems.js';
import { annotateAnswer } from '../../../src/data/quadruples.js';
import type { RecordedSentence } from '../../../src/data/types.js';
import { sweepProblems } from '../../../src/experiment/sweep/problems.js';
import {
  recordAnswers,
  type WholeAnswerOptions,
} from '../../../src/experiment/shared/wholeAnswers.js';
import { named } from '../../align/fakes.js';

const ids = Array.from({ length: 5 }, (_, i) => `validation-0-${i}`);

/** Every step, then the answer. */
function answerOf(id: string): string {
  const { steps, answer } = problemById(id);
  const said = steps.map(
    (s) => `Then there are ${s.left} ${s.operator} ${s.right} = ${s.result} ${s.item}.`,
  );
  return [...said, `The answer is ${answer}.`].join(' ');
}

function scriptedUpstream(): Upstream & { calls: number } {
  const byQuestion = new Map(ids.map((id) => [problemById(id).question, answerOf(id)]));
  return {
    ...named('scripted'),
    calls: 0,
    nextSentences: () => Promise.reject(new Error('asked for a sentence')),
    finish(inputs) {
      this.calls++;
      return Promise.resolve(
        inputs.map(({ question }) => ({
          ...{ text: byQuestion.get(question) ?? '', ended: true },
          ...{ tokens: 1, firstTextMilliseconds: 0 },
        })),
      );
    },
  };
}

async function record(changes: Partial<WholeAnswerOptions> = {}): Promise<RecordedSentence[]> {
  const records: RecordedSentence[] = [];
  const options = { upstream: scriptedUpstream(), problems: ids, batchSize: 2, ...changes };
  for await (const answer of recordAnswers(options)) records.push(answer);
  return records;
}

describe('recordAnswers', () => {
  it('writes one answer per problem, as quadruples without a prefix', async () => {
    const answers = await record();
    expect(answers.map(({ problem }) => problem)).toEqual(ids);
    expect(answers.map(({ last }) => last)).toEqual(ids.map(answerOf));
    expect(answers.every(({ prefix }) => prefix === '')).toBe(true);
    const [first] = sweepProblems(answers);
    expect(first?.inputs).toEqual([
      { prefix: '', last: answerOf('validation-0-0'), quality: 'neutral' },
    ]);
  });

  it('asks only for batches of which an answer is missing, and ends the same', async () => {
    const whole = await record();
    for (const kept of [1, 2, 4, 5]) {
      const upstream = scriptedUpstream();
      const done = whole.slice(0, kept);
      expect([...done, ...(await record({ upstream, done }))]).toEqual(whole);
      expect(upstream.calls, `after ${kept}`).toBe(3 - Math.floor(kept / 2) - Number(kept === 5));
    }
  });

  it('refuses a problem given twice', async () => {
    await expect(record({ problems: ['test-0-1', 'test-0-1'] })).rejects.toThrow(/given twice/);
  });
});

describe('annotateAnswer', () => {
  const problem = 'validation-0-2';
  const { question } = problemById(problem);
  const annotated = (last: string): RecordedSentence => annotateAnswer({ problem, question, last });

  it('is good where the solver would leave it as it is', () => {
    expect(annotated(answerOf(problem))).toMatchObject({
      ...{ quality: 'good', fault: null, correction: answerOf(problem) },
    });
  });

  it('takes quality and fault from the first sentence that is not good', () => {
    const right = answerOf(problem);
    const wrong = right.replace(/= \d+/, '= 1');
    expect(annotated(wrong)).toMatchObject({ quality: 'bad', fault: 'wrong-result' });
    expect(annotated(right.replace(/\d+\.$/, '1.'))).toMatchObject({
      ...{ quality: 'bad', fault: 'wrong-answer' },
    });
    expect(annotated(`I think ${right.replace('Then', 'then')}`)).toMatchObject({
      ...{ quality: 'neutral', fault: 'hedged' },
    });
  });

  it('is not good where it stops early or does not stop', () => {
    const right = answerOf(problem);
    expect(annotated(right.replace(/ The answer.*/, '')).quality).toBe('missing');
    expect(annotated(`${right} The answer is 1.`).quality).toBe('surplus');
    expect(annotated('').quality).toBe('missing');
  });
});

describe('alignerAsCorrector', () => {
  it('reads the question and the whole answer in Aligner’s prompt', async () => {
    const seen: string[] = [];
    const corrector = alignerAsCorrector({
      model: {
        ...named('tiny'),
        decoder: {
          info: { source: '', sha256: '', device: 'cpu', layers: 1, width: 1, vocabulary: 1 },
          forward: () => Promise.resolve([]),
          generate: ({ prompts, maxNewTokens }) => {
            expect(maxNewTokens).toBe(384);
            const row = { tokens: [], finish: 'stop' as const };
            const empty = { projections: new Float32Array(0), states: new Float32Array(0) };
            const rows = prompts.map(() => ({ ...row, ...empty }));
            return Promise.resolve({ rows, milliseconds: 0, computedTokens: 0, draftedTokens: 0 });
          },
          openCache: () => ({ id: 0 }),
          closeCache: () => Promise.resolve(),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        },
        tokenizer: {
          encode: (text) => [seen.push(text)],
          decode: () => '',
          chatPrompt: (user) => `<${user}>`,
          chat: () => '',
          encodePlain: () => [],
          endOfTurn: [0],
        },
      },
    });
    await corrector.correct([{ question: 'Why?', prefix: '', last: 'So. It is.' }]);
    expect(seen[0]).toBe('<##Question: Why?\n##Answer: So. It is.\n##Correction: >');
  });
});
