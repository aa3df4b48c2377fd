/** What was found in data, counted, and what was left out and why. */
import { ownTitles } from './formats/own.js';
import type { Form, LeftOut, QuestionRow } from './formats/row.js';

/** Counts of one format. */
export interface FormatCounts {
  /** As a reader would say it. */
  format: string;
  /** What its rows are, e.g. `preference`; null where all were left out. */
  form: Form | null;
  /** With those that were left out. */
  rows: number;
  /** Different ones. */
  questions: number;
  /** How many rows were left out, by the reason: `with an empty answer`. */
  leftOut: Readonly<Record<string, number>>;
}

/** By format, in the order in which they were met. */
export type DataReport = readonly FormatCounts[];

/** Whether there is nothing to say of it: rows in the lab's own keys, and none left out. */
export function isOwn({ format, leftOut }: FormatCounts): boolean {
  return ownFormats.has(format) && Object.keys(leftOut).length === 0;
}

const ownFormats: ReadonlySet<string> = new Set(ownTitles);

/** Counts rows as they come. */
export class DataCounter {
  readonly #formats = new Map<
    string,
    { form: Form | null; rows: number; questions: Set<string>; leftOut: Map<string, number> }
  >();

  add(format: string, row: QuestionRow | LeftOut): void {
    const fresh = { form: null, rows: 0, questions: new Set<string>(), leftOut: new Map<string, number>() }; // prettier-ignore
    const counts = this.#formats.get(format) ?? fresh;
    this.#formats.set(format, counts);
    counts.rows++;
    if ('leftOut' in row) {
      counts.leftOut.set(row.leftOut, (counts.leftOut.get(row.leftOut) ?? 0) + 1);
    } else {
      counts.form = row.form;
      counts.questions.add(row.problem);
    }
  }

  get report(): DataReport {
    return [...this.#formats].map(([format, { form, rows, questions, leftOut }]) => ({
      ...{ format, form, rows, questions: questions.size },
      leftOut: Object.fromEntries([...leftOut].sort(([, a], [, b]) => b - a)),
    }));
  }
}

const words: Readonly<Record<Form, string>> = {
  quadruple: 'quadruples',
  corrected: 'corrected answers',
  question: 'questions',
  preference: 'pairs',
  answer: 'answers',
  verdict: 'verdicts',
};

/** A line, e.g. `HH-RLHF: 2,312 pairs, 12 left out (10 whose …, 2 with an empty answer); 2,290 questions`. */
export function describeReport(report: DataReport): string {
  if (report.length === 0) return 'no rows';
  return report.map(describeFormat).join('; ');
}

function describeFormat({ format, form, rows, questions, leftOut }: FormatCounts): string {
  const left = Object.entries(leftOut);
  const sum = left.reduce((total, [, count]) => total + count, 0);
  const why = left.map(([reason, count]) => `${figure(count)} ${reason}`).join(', ');
  const what = form === null ? 'rows' : words[form];
  const out = sum === 0 ? '' : `, ${figure(sum)} left out (${why})`;
  const about = form === 'question' && questions === rows ? '' : `; ${figure(questions)} ${questions === 1 ? 'question' : 'questions'}`; // prettier-ignore
  return `${format}: ${figure(rows)} ${rows === 1 ? what.replace(/s$/, '') : what}${out}${about}`;
}

function figure(count: number): string {
  return count.toLocaleString('en-US');
}
