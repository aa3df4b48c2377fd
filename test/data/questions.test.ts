import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readQuestions } from '../../src/data/questions.js';
import { openQuestions } from '../../src/data/questionSets.js';
import type { DataReport } from '../../src/data/report.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function file(...rows: unknown[]): string {
  const path = join(folder.path, 'questions.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

describe('readQuestions', () => {
  it('takes the final answer out of a solution, or the answer as it is', async () => {
    const path = file(
      { question: ' How many? ', answer: 'She has 9 - 2 = <<9-2=7>>7.\n#### 7', more: 1 },
      { question: 'What?', answer: 'So \\boxed{\\frac{1}{2}}.' },
      { question: 'And?', answer: ' 1,000 ' },
    );
    expect(await readQuestions(path)).toEqual([
      { id: 'question-1', question: 'How many?', answer: '7' },
      { id: 'question-2', question: 'What?', answer: '\\frac{1}{2}' },
      { id: 'question-3', question: 'And?', answer: '1,000' },
    ]);
  });

  it('refuses a file without questions, lines without a key, and empty ones', async () => {
    await expect(readQuestions(file())).rejects.toThrow(
      /no questions \(expected at least 1 line\)/,
    );
    await expect(readQuestions(file({ question: 'Why?' }))).rejects.toThrow(
      /:1: "answer" must be a string/,
    );
    await expect(readQuestions(file({ question: 'Why?', answer: '####' }))).resolves.toHaveLength(
      1,
    );
    await expect(readQuestions(file({ question: 'Why?', answer: ' ' }))).rejects.toThrow(
      /:1: an empty answer; mend/,
    );
  });
});

describe('ids', () => {
  const asked = { question: 'Why?', answer: '1' };

  it('are those of the rows, where they have one', async () => {
    const path = file({ ...asked, id: 'mine' }, { ...asked, id: 17 }, { ...asked, id: null });
    expect((await readQuestions(path)).map(({ id }) => id)).toEqual(['mine', '17', 'question-3']);
  });

  it('are of one question only, and texts or numbers', async () => {
    await expect(
      readQuestions(file({ ...asked, id: 'a' }, asked, { ...asked, id: 'a ' })),
    ).rejects.toThrow(/questions\.jsonl:1 and \S*questions\.jsonl:3 have one id, "a"; give/);
    await expect(readQuestions(file({ ...asked, id: 'question-2' }, asked))).rejects.toThrow(
      /have one id/,
    );
    for (const id of [' ', {}, true]) {
      await expect(readQuestions(file({ ...asked, id }))).rejects.toThrow(
        /:1: "id" must be a text or a number/,
      );
    }
  });
});

describe('answers', () => {
  it('may be left out where the caller does without, and not where they are compared', async () => {
    const path = file({ question: 'Why?' }, { question: 'How?', answer: '#### 2' });
    const { questions } = await openQuestions(path, { answers: 'optional' });
    expect(questions).toEqual([
      { id: 'question-1', question: 'Why?' },
      { id: 'question-2', question: 'How?', answer: '2' },
    ]);
    await expect(openQuestions(path)).rejects.toThrow(/:1: "answer" must be a string/);
    await expect(
      readQuestions(file({ question: 'Why?', answer: ' ' }), { answers: 'optional' }),
    ).rejects.toThrow(/:1: an empty answer/);
  });
});

describe('the first questions', () => {
  const four = [1, 2, 3, 4].map((n) => ({ question: `${n}?`, answer: `The answer is ${n}.` }));

  it('are all that is read where each row is a question', async () => {
    const path = file(...four, { nothing: 'that is known' });
    let rows = 0;
    const onReport = (report: DataReport): void => void (rows = report[0]?.rows ?? 0);
    const { questions } = await openQuestions(path, { count: 3, onReport });
    expect(questions.map(({ question }) => question)).toEqual(['1?', '2?', '3?']);
    expect(rows).toBe(3);
    await expect(openQuestions(path, { count: 5 })).rejects.toThrow(
      /:5: the columns nothing, of no/,
    );
  });

  it('of other rows are known when all are read: a later one may say the answer', async () => {
    const of = { question: 'How many are 1 + 1?', problem: 'p' };
    const path = file(
      { ...of, prefix: '', last: 'It is 1.', correction: 'It is 2.' },
      { ...of, prefix: 'It is 2.', last: 'Yes.', correction: 'The answer is 2.' },
    );
    const { questions } = await openQuestions(path, { count: 1 });
    expect(questions).toEqual([expect.objectContaining({ id: 'p', answer: '2' })]);
  });
});

describe('openQuestions', () => {
  it('opens generated problems by split, count and seed', async () => {
    const set = await openQuestions('generated:test', { count: 3, seed: 7 });
    expect(set).toMatchObject({ name: 'generated:test', identity: 'generated:test:7' });
    expect(set.questions.map(({ id }) => id)).toEqual(['test-7-0', 'test-7-1', 'test-7-2']);
    expect(set.questions[0]?.answer).toMatch(/^\d+$/);
    const groups = (await openQuestions('generated:test', { count: 60 })).questions.map(
      (q) => q.group,
    );
    expect(new Set(groups)).toEqual(new Set(['seen', 'unseen']));
    expect((await openQuestions('generated:train')).questions).toHaveLength(1000);
  });

  it('opens a file, known by its content, with its groups', async () => {
    const rows = [
      { question: 'One?', answer: '1', group: 'easy' },
      { question: 'Two?', answer: '2' },
    ];
    const set = await openQuestions(file(...rows));
    expect(set.questions).toEqual([
      { id: 'question-1', question: 'One?', answer: '1', group: 'easy' },
      { id: 'question-2', question: 'Two?', answer: '2' },
    ]);
    expect(set.name).toBe('questions.jsonl');
    expect((await openQuestions(file(...rows), { count: 1 })).questions).toHaveLength(1);
    expect((await openQuestions(file(...rows))).identity).toBe(set.identity);
    expect((await openQuestions(file(...rows.slice(1)))).identity).not.toBe(set.identity);
  });

  it('says what there is where nothing has the name', async () => {
    await expect(openQuestions('generated:tset')).rejects.toThrow(
      /nothing is called "generated:tset" \(expected generated:train, generated:validation/,
    );
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    await expect(openQuestions(empty)).rejects.toThrow(/empty has no data \(expected \.json/);
    await expect(openQuestions('nowhere.jsonl')).rejects.toThrow(/or a file or folder of data/);
    await expect(openQuestions(file({ question: 'One?', answer: '1', group: 3 }))).rejects.toThrow(
      /:1: "group" must be a string/,
    );
  });
});
