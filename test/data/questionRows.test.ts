/** Rows of every form the field has, read by one reader. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAnnotatedQuadruples } from '../../src/data/questionRows.js';
import { readQuestions } from '../../src/data/questions.js';
import { problemById } from '../../src/data/problems.js';
import { readProblems } from '../../src/experiment/sweep/problems.js';
import { scorerFor, sentencesWhereKnown, solverWhereKnown } from '../../src/judge/judgesFor.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);
let files = 0;

function write(text: string | Buffer): string {
  const path = join(folder.path, `rows-${files++}.json`);
  writeFileSync(path, text);
  return path;
}

const jsonLines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const quadruples = [
  { question: 'How many nuts?', prefix: '', last: 'He has 3.', correction: 'He has 4.' },
  { question: 'How many nuts?', prefix: 'He has 4.', last: '', correction: 'The answer is 4.' },
  { question: 'Why?', prefix: '', last: 'Because.', correction: 'Because.' },
];
const corrected = [
  { question: 'What is 2 + 2?', answer: 'It is 2 + 2 = 5. The answer is 5.', correction: 'It is 2 + 2 = 4. The answer is 4.' }, // prettier-ignore
  { question: 'Is it safe?', answer: 'Yes.', correction: 'No. It is not. Ask a doctor, please.' },
];

describe('the forms of a file', () => {
  const forms: [string, (rows: readonly unknown[]) => string | Buffer][] = [
    ['JSON Lines', jsonLines],
    ['CRLF and empty lines', (rows) => `\n${jsonLines(rows).replaceAll('\n', '\r\n\r\n')}`],
    ['one array', (rows) => JSON.stringify(rows)],
    ['a printed array', (rows) => `\n${JSON.stringify(rows, null, 2)}\n`],
    ['a byte order mark', (rows) => `\uFEFF${jsonLines(rows)}`],
    ['a mark before an array', (rows) => `\uFEFF${JSON.stringify(rows)}`],
  ];
  it.each(forms)('%s', async (_, form) => {
    for (const rows of [quadruples, corrected]) {
      const read = await readAnnotatedQuadruples(write(form(rows)));
      expect(read).toEqual(await readAnnotatedQuadruples(write(jsonLines(rows))));
      expect(read).toHaveLength(3);
    }
  });

  it('are refused in another encoding than UTF-8, where letters would be lost in silence', async () => {
    const latin = Buffer.from(jsonLines(quadruples).replace('nuts', 'N\u00fcsse'), 'latin1');
    for (const bytes of [latin, Buffer.from(`\uFEFF${jsonLines(quadruples)}`, 'utf16le')]) {
      await expect(readAnnotatedQuadruples(write(bytes))).rejects.toThrow(
        /\.json: not a text in UTF-8; /,
      );
    }
  });
});

describe('quadruples', async () => {
  const rows = await readAnnotatedQuadruples(write(jsonLines(quadruples)));

  it('take their problem from the question; quality and fault may be left out', async () => {
    expect(rows[0]?.problem).toMatch(/^question-[0-9a-f]{12}$/);
    expect(rows.map(({ problem }) => problem === rows[0]?.problem)).toEqual([true, true, false]);
    expect(rows[0]).toMatchObject({ quality: 'unjudged', fault: null, correction: 'He has 4.' });
    // The same in another file and order, so that a question in two splits is seen.
    const [last] = await readAnnotatedQuadruples(write(jsonLines([...quadruples].reverse())));
    expect(last?.problem).toBe(rows[2]?.problem);
  });

  it('keep what they say', async () => {
    const row = { ...quadruples[0], problem: 7, quality: 'bad', fault: 'mine', extra: 1 };
    const [read] = await readAnnotatedQuadruples(write(jsonLines([row])));
    expect(read).toEqual({ ...quadruples[0], problem: '7', quality: 'bad', fault: 'mine' });
  });

  it('name file, line and key of what is wrong', async () => {
    const first = { ...quadruples[0] };
    const faults: [object, RegExp][] = [
      [{ ...first, last: undefined }, /:3: "last" must be a string \(got nothing\)/],
      [{ ...first, correction: 3 }, /:3: "correction" must be a string \(got 3\)/],
      [{ ...first, quality: 'fine' }, /:3: "quality" must be one of good, .* \(got "fine"\)/],
      [{ ...first, fault: 1 }, /:3: "fault" must be a string/],
      [{ ...first, problem: {} }, /:3: "problem" must be a text or a number/],
      [{ ...first, question: ' ' }, /:3: "question" is empty/],
      [{ ...first, question: 'Else?', problem: 'p' }, /:3: has the id "p" of \S+:1 and another question/], // prettier-ignore
      [
        { text: 'Hi' },
        /:3: the columns text, of no format that is known \(expected one of: Stream Aligner \{question, prefix, last, correction\}; /,
      ],
      [{ question: 'Why?' }, /:3: no sentence to correct \(expected the keys question, prefix/],
    ];
    for (const [row, message] of faults) {
      const file = write(`${jsonLines([{ ...first, problem: 'p' }])}\n${jsonLines([row])}`);
      await expect(readAnnotatedQuadruples(file), JSON.stringify(row)).rejects.toThrow(message);
    }
    await expect(readAnnotatedQuadruples(write('{"question": 1,\n'))).rejects.toThrow(
      /:1: not a line of/,
    );
    await expect(readAnnotatedQuadruples(write('[{"question": "q"},'))).rejects.toThrow(
      /begins like/,
    );
    await expect(readAnnotatedQuadruples(write('3\n'))).rejects.toThrow(
      /:1: expected a JSON object/,
    );
  });

  it('of an array are named by their line and number', async () => {
    const nested = { ...quadruples[0], extra: [{ a: '],"{' }, []] };
    const file = write(JSON.stringify([nested, nested, { ...nested, last: 1 }], null, 1));
    await expect(readAnnotatedQuadruples(file)).rejects.toThrow(
      /:26, item 2: "last" must be a string/,
    );
  });
});

describe('corrected answers', () => {
  it('are sentences of the uncorrected answer, each behind those before it', async () => {
    const read = await readAnnotatedQuadruples(write(jsonLines(corrected)));
    expect(read.map(({ prefix, last }) => [prefix, last])).toEqual([
      ['', 'It is 2 + 2 = 5.'],
      ['It is 2 + 2 = 5.', ' The answer is 5.'],
      ['', 'Yes.'],
    ]);
    // What should stand in the place of a sentence, nobody has said.
    expect(read.every((row) => row.correction === null && row.quality === 'unjudged')).toBe(true);
  });

  it('have the right answer in their correction', async () => {
    const questions = await readQuestions(write(JSON.stringify(corrected)));
    expect(questions.map(({ answer }) => answer)).toEqual(['4', undefined]);
    expect(await readProblems(write(JSON.stringify(corrected)))).toMatchObject([
      { id: questions[0]?.id, answer: '4', inputs: [{}, {}] },
      { id: questions[1]?.id, inputs: [{ prefix: '', last: 'Yes.' }] },
    ]);
  });

  it('are of one question each, and say its answer where they agree', async () => {
    const again = { ...corrected[0], answer: '3', correction: 'So \\boxed{4.0}.' };
    const [one] = await readQuestions(write(jsonLines([corrected[0], again])));
    expect(one?.answer).toBe('4');
    const other = { ...again, correction: 'So \\boxed{7}.' };
    const rows = [corrected[0], other, { question: 'One?', answer: '2', correction: '1' }];
    expect((await readQuestions(write(jsonLines(rows)))).map(({ answer }) => answer)).toEqual([
      undefined,
      '1',
    ]);
    await expect(readQuestions(write(jsonLines([corrected[1]])))).rejects.toThrow(
      /no question has a final answer \(expected texts that end in one/,
    );
    const prose = { question: 'Why?', answer: 'It rained. Then it did not.' };
    await expect(readQuestions(write(jsonLines([prose])))).rejects.toThrow(
      /:1: "answer" says no final/,
    );
  });
});

describe('problems of a sweep', () => {
  it('are those of quadruples, of corrected answers, and of questions alone', async () => {
    const rows = [...quadruples, corrected[0], { question: 'Alone?' }, { question: 'Asked?', answer: 'Yes. #### 3', id: 'mine' }]; // prettier-ignore
    const problems = await readProblems(write(jsonLines(rows)));
    expect(problems.map(({ answer, inputs }) => [answer, inputs.length])).toEqual([
      ['4', 1],
      [undefined, 1],
      ['4', 2],
      [undefined, 0],
      ['3', 2],
    ]);
    expect(problems.at(-1)?.id).toBe('mine');
    expect(await readProblems(write(jsonLines(rows)), 2)).toHaveLength(2);
  });
});

describe('questions that the generator does not know', () => {
  const problem = problemById('test-0-3');
  const right = `The answer is ${problem.answer}.`;
  // An id that looks like a generated one's, on a question of somebody's own.
  const lookalike = { id: 'test-0-4', question: 'What is 2 + 2?', answer: '4' };
  const own = { id: 'mine', question: 'Why?' };

  it('are judged by their final answer, or by nobody', async () => {
    const scorer = scorerFor([problem, lookalike, own]);
    const items = [problem, lookalike, own].map((question) => ({ question, answer: right }));
    expect(await scorer.score(items)).toEqual([true, problem.answer === '4', null]);
    expect(scorerFor([problem]).name).toBe('exact-solver');
    expect(await solverWhereKnown().score(items)).toEqual([true, null, null]);
  });

  it('have sentences that are unjudged', async () => {
    const places = [own, problem, lookalike].map((question) => ({
      question,
      prefix: '',
      last: '',
    }));
    const annotations = await sentencesWhereKnown().annotate(places);
    expect(annotations.map(({ quality }) => quality)).toEqual(['unjudged', 'missing', 'unjudged']);
  });
});
