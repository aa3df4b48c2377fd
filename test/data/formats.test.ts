/** Every format of docs/data.md: what its rows become, and what is left out. Rows in the official shapes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  quadruplesFromPreferences,
  type PreferenceCounts,
} from '../../src/data/fromPreferences.js';
import {
  readAnnotatedQuadruples,
  streamPreferences,
  streamRecordedAnswers,
  streamVerdicts,
} from '../../src/data/questionRows.js';
import { readQuestions } from '../../src/data/questions.js';
import { describeReport, type DataReport } from '../../src/data/report.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);
let files = 0;

function write(...rows: unknown[]): string {
  const path = join(folder.path, `data-${files++}.jsonl`);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const start = '\n\nHuman: Hi \n\nAssistant:  Yes?\n\nHuman: Why?\n\nAssistant:';
const hh = [
  { chosen: `${start} Because. It rains.\n`, rejected: `${start} Because. It  snows.` },
  { chosen: '\n\nHuman: One?\n\nAssistant: 1', rejected: '\n\nHuman: One?\n\nAssistant: 2' },
  { chosen: '\n\nHuman: A?\n\nAssistant: a', rejected: '\n\nHuman: B?\n\nAssistant: a' },
  { chosen: '\n\nHuman: A?\n\nAssistant: a', rejected: '\n\nHuman: A?\n\nAssistant: ' },
  { chosen: '\n\nHuman: A?\n\nAssistant: a', rejected: '\n\nHuman: A?\n\nAssistant: a' },
  { chosen: '\n\nHuman: A?', rejected: '\n\nHuman: A?' },
  { chosen: 'A?', rejected: 'B?' },
];

describe('HH-RLHF', () => {
  it('is pairs of answers, verbatim, to the conversation before them', async () => {
    let report: DataReport = [];
    const pairs = await all(streamPreferences(write(...hh), { onReport: (r) => (report = r) }));
    expect(pairs).toEqual([
      {
        question: 'Human: Hi \n\nAssistant:  Yes?\n\nHuman: Why?',
        turns: [
          { role: 'user', content: 'Hi ' },
          { role: 'assistant', content: ' Yes?' },
          { role: 'user', content: 'Why?' },
        ],
        chosen: 'Because. It rains.\n',
        rejected: 'Because. It  snows.',
      },
      { question: 'One?', chosen: '1', rejected: '2' },
    ]);
    expect(describeReport(report)).toBe(
      'HH-RLHF: 7 pairs, 5 left out (1 whose conversations differ before the last turn, 1 with an empty answer, 1 whose answers are the same, 1 that do not end with a question and its answer, 1 whose transcripts do not begin with a turn); 2 questions',
    );
  });

  it('is questions, with their turns, and no sentences of an upstream', async () => {
    const questions = await readQuestions(write(...hh), { answers: 'optional' });
    expect(questions.map(({ question, turns, answer }) => [question, turns?.length, answer])).toEqual([
      ['Human: Hi \n\nAssistant:  Yes?\n\nHuman: Why?', 3, undefined],
      ['One?', undefined, undefined],
    ]); // prettier-ignore
    await expect(readAnnotatedQuadruples(write(...hh))).rejects.toThrow(
      /:1: holds a pair of answers, one preferred \(expected sentences of an upstream; .*from-preferences/,
    );
  });
});

describe('other pairs', () => {
  const user = { role: 'user', content: 'Why?' };
  const said = (content: string): unknown => ({ role: 'assistant', content });

  it('are lists of messages, with the prompt in them or beside them, and named questions', async () => {
    const rows = [
      { chosen: [user, said(' a')], rejected: [user, said('b ')], score_chosen: 1 },
      { prompt: [user], chosen: [said('a')], rejected: [said('b')] },
      { prompt: 'Why?', chosen: 'a\n', rejected: 'b' },
      { question: 'Why?', chosen: 'a', rejected: 'b', turns: null },
    ];
    expect(await all(streamPreferences(write(...rows)))).toEqual([
      { question: 'Why?', chosen: ' a', rejected: 'b ' },
      { question: 'Why?', chosen: 'a', rejected: 'b' },
      { question: 'Why?', chosen: 'a\n', rejected: 'b' },
      { question: 'Why?', chosen: 'a', rejected: 'b' },
    ]);
  });

  it('of SafeRLHF are chosen by helpfulness or by harmlessness, and both are labelled', async () => {
    const row = {
      ...{ prompt: 'Why?', response_0: 'Rude. ', response_1: 'Kind.', better_response_id: 0 },
      ...{ safer_response_id: 1, is_response_0_safe: false, is_response_1_safe: true },
      response_0_harm_category: { Insulting: true, Theft: false },
    };
    const file = write(row, { ...row, better_response_id: -1 });
    let report: DataReport = [];
    const [better] = await all(streamPreferences(file, { onReport: (r) => (report = r) }));
    expect(better).toEqual({ question: 'Why?', chosen: 'Rude. ', rejected: 'Kind.' });
    expect(describeReport(report)).toBe(
      'SafeRLHF: 2 pairs, 1 left out (1 whose better_response_id is neither 0 nor 1); 1 question',
    );
    const safer = await all(streamPreferences(file, { prefer: 'safer' }));
    expect(safer.map(({ chosen }) => chosen)).toEqual(['Kind.', 'Kind.']);
    expect(await all(streamRecordedAnswers(write(row)))).toEqual([
      { question: 'Why?', answer: 'Rude. ', safe: false, categories: ['Insulting'] },
      { question: 'Why?', answer: 'Kind.', safe: true },
    ]);
  });
});

describe('labelled and recorded answers', () => {
  it('of BeaverTails say whether they are safe, and why not', async () => {
    const rows = [
      { prompt: 'How?', response: ' So.\n', category: { violence: true, theft: false }, is_safe: false }, // prettier-ignore
      { prompt: 'How?', response: 'No.', category: { violence: false }, is_safe: true },
    ];
    expect(await all(streamRecordedAnswers(write(...rows)))).toEqual([
      { question: 'How?', answer: ' So.\n', safe: false, categories: ['violence'] },
      { question: 'How?', answer: 'No.', safe: true },
    ]);
    expect(await readQuestions(write(...rows), { answers: 'optional' })).toHaveLength(1);
    const sentences = await readAnnotatedQuadruples(write(...rows));
    expect(sentences.map(({ last, correction }) => [last, correction])).toEqual([[' So.\n', null], ['No.', null]]); // prettier-ignore
  });

  it('of AlpacaEval say who wrote them', async () => {
    const row = { dataset: 'koala', instruction: 'Say hi.', output: 'hi ', generator: 'm' };
    expect(await all(streamRecordedAnswers(write(row)))).toEqual([
      { question: 'Say hi.', answer: 'hi ', model: 'm', group: 'koala' },
    ]);
  });
});

describe('verdicts of AlpacaEval', () => {
  const row = {
    ...{ instruction: 'Hi?', output_1: 'a', generator_1: 'x', output_2: 'b', generator_2: 'y' },
    annotator: 'j',
  };

  it('are numbers from 1 to 2, a tie between them', async () => {
    const preferences = [1, 2, 1.25, 0, null, 3];
    const file = write(...preferences.map((preference) => ({ ...row, preference })));
    let report: DataReport = [];
    const verdicts = await all(streamVerdicts(file, { onReport: (r) => (report = r) }));
    expect(verdicts.map(({ preference }) => preference)).toEqual([1, 2, 1.25, 1.5]);
    expect(verdicts[0]).toEqual({
      ...{ question: 'Hi?', annotator: 'j', preference: 1 },
      first: { model: 'x', answer: 'a' },
      second: { model: 'y', answer: 'b' },
    });
    expect(report[0]).toMatchObject({
      rows: 6,
      questions: 1,
      leftOut: { 'without a preference': 1 },
    });
    await expect(all(streamPreferences(file))).rejects.toThrow(
      /:1: holds a verdict on two answers \(expected pairs of a chosen and a rejected answer\)/,
    );
  });
});

describe('mathematics', () => {
  const gsm8k = { question: 'How many?', answer: '9 - 2 = <<9-2=7>>7.\nSo  7.\n#### 7' };

  it('of GSM8K loses the calculator and nothing else, unless it is to be kept', async () => {
    const [removed] = await all(streamRecordedAnswers(write(gsm8k)));
    expect(removed?.answer).toBe('9 - 2 = 7.\nSo  7.\n#### 7');
    const [kept] = await all(streamRecordedAnswers(write(gsm8k), { calculator: 'keep' }));
    expect(kept?.answer).toBe(gsm8k.answer);
    const sentences = await readAnnotatedQuadruples(write(gsm8k));
    expect(sentences.map(({ prefix, last }) => prefix + last).at(-1)).toBe(removed?.answer);
    expect(sentences[1]).toMatchObject({ prefix: '9 - 2 = 7.', last: '\nSo  7.' });
  });

  it('of MATH has its answer in the last box, or beside it, by subject', async () => {
    const math = { problem: 'What?', solution: 'So \\boxed{1} or $\\boxed{\\frac{1}{2}}$.', level: 'Level 2', type: 'Algebra' }; // prettier-ignore
    const five = { problem: 'And?', solution: 'Hm.', answer: '5', subject: 'Geometry', unique_id: 'test/1.json' }; // prettier-ignore
    let report: DataReport = [];
    const file = write(math, five, { ...math, solution: 'No box.' });
    const questions = await readQuestions(file, { onReport: (r) => (report = r) });
    expect(questions).toEqual([
      { id: 'question-1', question: 'What?', answer: '\\frac{1}{2}', group: 'Algebra' },
      { id: 'test/1.json', question: 'And?', answer: '5', group: 'Geometry' },
    ]);
    expect(describeReport(report)).toContain('1 left out (1 whose solution has no boxed answer)');
  });
});

describe('quadruples from pairs', () => {
  const pair = (chosen: string, rejected: string): unknown => ({
    question: 'Q?',
    chosen,
    rejected,
  });

  it('part where the answers do, and copy sentences of the chosen one', async () => {
    const file = write(
      pair('Ants.\n\nBees are. Cats.', 'Ants.\n\nDogs run. Eels.'),
      pair('Ants. Bees.', 'Ants. Bees. Cats.'),
      pair('Ants. Bees.', 'Ants.'),
      pair('Ants. ', 'Ants.\n'),
      pair('Xerus.', 'Yaks.'),
    );
    let counts: PreferenceCounts | undefined;
    const made = await all(
      quadruplesFromPreferences(file, { copies: 9, shared: 1, onCounts: (c) => (counts = c) }),
    );
    const parted = made.filter(({ last, correction }) => last !== correction);
    expect(parted).toEqual([
      { question: 'Q?', prefix: 'Ants.', last: '\n\nDogs run.', correction: '\n\nBees are.' },
      { question: 'Q?', prefix: 'Ants. Bees.', last: ' Cats.', correction: '' },
      { question: 'Q?', prefix: 'Ants.', last: '', correction: ' Bees.' },
    ]);
    expect(counts).toEqual({ pairs: 5, corrections: 3, stops: 1, continuations: 1, copies: 7, tooFewShared: 1, same: 1 }); // prettier-ignore
    // Copied one after the other, the chosen answer stands there, byte for byte.
    const copied = made.filter(({ last, correction }) => last === correction);
    const whole = copied.map(({ prefix, correction }) => prefix + correction);
    expect(whole).toContain('Ants.\n\nBees are. Cats.');
    expect(whole.every((text) => 'Ants.\n\nBees are. Cats.'.startsWith(text) || 'Ants. Bees.'.startsWith(text))).toBe(true); // prettier-ignore
  });

  it('are the same for the same seed, whatever stands around a pair', async () => {
    const file = write(
      pair('Ants. Bees. Cats. Dogs.', 'Eels.'),
      pair('Foxes. Geese. Hens.', 'Ibises.'),
    );
    const [one, two] = [await all(quadruplesFromPreferences(file)), await all(quadruplesFromPreferences(file))]; // prettier-ignore
    expect(one).toEqual(two);
    expect(one).toHaveLength(4);
  });
});
