import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { answersQuestion, readQuestions } from '../../src/data/questions.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function file(...rows: unknown[]): string {
  const path = join(folder.path, 'questions.jsonl');
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

describe('readQuestions', () => {
  it('takes the final answer out of a solution, or the answer as it is', () => {
    const path = file(
      { question: ' How many? ', answer: 'She has 9 - 2 = <<9-2=7>>7.\n#### 7', more: 1 },
      { question: 'What?', answer: 'So \\boxed{\\frac{1}{2}}.' },
      { question: 'And?', answer: ' 1,000 ' },
    );
    expect(readQuestions(path)).toEqual([
      { id: 'question-1', question: 'How many?', answer: '7' },
      { id: 'question-2', question: 'What?', answer: '\\frac{1}{2}' },
      { id: 'question-3', question: 'And?', answer: '1,000' },
    ]);
  });

  it('refuses a file without questions, lines without a key, and empty ones', () => {
    expect(() => readQuestions(file())).toThrow(/no questions \(expected at least 1 line\)/);
    expect(() => readQuestions(file({ question: 'Why?' }))).toThrow(
      /:1: "answer" must be a string/,
    );
    expect(() => readQuestions(file({ question: 'Why?', answer: '####' }))).not.toThrow();
    expect(() => readQuestions(file({ question: 'Why?', answer: ' ' }))).toThrow(
      /question 1 has an empty question or answer/,
    );
  });
});

describe('answersQuestion', () => {
  it('looks at the final answer alone, however it is written', () => {
    const question = { answer: '1,000' };
    expect(answersQuestion(question, 'It is 7 at first. The answer is 1000.')).toBe(true);
    expect(answersQuestion(question, 'Thus \\boxed{1000.0}')).toBe(true);
    expect(answersQuestion(question, 'It is 1000 at first. The answer is 7.')).toBe(false);
    expect(answersQuestion(question, '1000')).toBe(false);
  });
});
