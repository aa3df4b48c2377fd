/**
 * Rows about questions, in every format the field has (`formats/table.ts`). What a command needs of them
 * (sentences, problems, right answers, pairs) is taken from here, so that each takes all.
 */
import { shownValue } from '../text/given.js';
import { anyRow, checkedRow } from './checkedRow.js';
import type { DataSource } from './files/place.js';
import { streamRows } from './files/rows.js';
import type { Form, QuestionRow, ReadHow } from './formats/row.js';
import { formatOf } from './formats/table.js';
import { DataCounter, type DataReport } from './report.js';
import type {
  LabelledAnswer,
  RecordedPreference,
  RecordedSentence,
  RecordedVerdict,
} from './types.js';

export interface ReadDataOptions extends ReadHow {
  /** Told at the end what was found, and what was left out and why. */
  onReport?: (report: DataReport) => void;
  /**
   * Reading stops after so many rows, where each of them is a question of its own; what is behind them
   * is neither read, checked nor counted. Rows of other forms are all read: what is said of a question
   * may stand anywhere.
   */
  first?: number;
}

/**
 * The rows of data of any of the formats, as they are read: no more than a row of a text is held, of
 * parquet a row group.
 * @throws where it cannot be read, and with its place on a row of none of the formats
 */
export async function* streamQuestionRows(
  source: DataSource,
  { onReport, first = Infinity, ...how }: ReadDataOptions = {},
): AsyncGenerator<QuestionRow> {
  const counter = new DataCounter();
  let left = first;
  for await (const { row: given, place } of streamRows(source)) {
    const row = checkedRow(given, anyRow, place);
    const format = formatOf(row, place);
    const parsed = format.parse(row, place, how);
    counter.add(format.title, parsed);
    if ('leftOut' in parsed) continue;
    yield parsed;
    left = parsed.form === 'question' ? left - 1 : Infinity;
    if (left <= 0) break;
  }
  onReport?.(counter.report);
}

/**
 * All rows of data, see {@link streamQuestionRows}.
 * @throws also where one id belongs to two questions.
 */
export async function readQuestionRows(
  source: DataSource,
  options: ReadDataOptions = {},
): Promise<QuestionRow[]> {
  const rows: QuestionRow[] = [];
  const known = new Map<string, QuestionRow>();
  for await (const row of streamQuestionRows(source, options)) {
    rows.push(row);
    if (row.form === 'question') continue;
    const { problem: id } = row;
    const before = known.get(id) ?? row;
    if (before.question.trim() !== row.question.trim()) {
      throw new Error(
        `${row.place}: has the id ${shownValue(id)} of ${before.place} and another question; give one of them another id`,
      );
    }
    known.set(id, before);
  }
  return rows;
}

/**
 * The right answer to one question by the rows about it; undefined where none says one, or where
 * they contradict each other in the given sense.
 */
export function agreedAnswer(
  rows: readonly Pick<QuestionRow, 'answer'>[],
  same: (a: string, b: string) => boolean,
): string | undefined {
  const answers = rows.flatMap(({ answer }) => answer ?? []);
  const [first] = answers;
  return first !== undefined && answers.every((answer) => same(answer, first)) ? first : undefined;
}

/**
 * Every sentence that an upstream wrote, in the order of the rows.
 * @throws as {@link readQuestionRows}, and on a row without any: of pairs and verdicts it is not said
 *   which sentences are an upstream's.
 */
export async function readAnnotatedQuadruples(
  source: DataSource,
  options: ReadDataOptions = {},
): Promise<RecordedSentence[]> {
  return (await readQuestionRows(source, options)).flatMap((row) => {
    const { sentences, place, form } = row;
    if (form === 'preference' || form === 'verdict') {
      throw lacks(row, 'sentences of an upstream; aligner-lab dataset from-preferences makes quadruples of pairs'); // prettier-ignore
    }
    if (form === 'question' && sentences.length === 0) {
      throw new Error(
        `${place}: no sentence to correct (expected the keys question, prefix, last, correction; question, answer, correction; or question, answer)`,
      );
    }
    return sentences;
  });
}

/**
 * Pairs of answers, one preferred, in the order of the rows, their texts verbatim.
 * @throws as {@link streamQuestionRows}, and on a row that holds no pair
 */
export async function* streamPreferences(
  source: DataSource,
  options: ReadDataOptions = {},
): AsyncGenerator<RecordedPreference> {
  for await (const row of streamQuestionRows(source, options)) {
    if (!row.preference) throw lacks(row, 'pairs of a chosen and a rejected answer');
    yield { ...about(row), ...row.preference };
  }
}

/**
 * Answers that somebody wrote, with what the data say of them, their texts verbatim: of rows
 * `{question, answer}` the answer itself, of pairs that are labelled both.
 * @throws as {@link streamQuestionRows}, and on a row that holds none
 */
export async function* streamRecordedAnswers(
  source: DataSource,
  options: ReadDataOptions = {},
): AsyncGenerator<LabelledAnswer> {
  for await (const row of streamQuestionRows(source, options)) {
    const own = row.form === 'question' && row.text !== undefined ? [{ answer: row.text }] : null;
    const answers = row.answers ?? own;
    if (!answers) throw lacks(row, 'answers that somebody wrote');
    for (const answer of answers) yield { ...about(row), ...answer };
  }
}

/**
 * A judge's verdicts on pairs of answers.
 * @throws as {@link streamQuestionRows}, and on a row that holds none
 */
export async function* streamVerdicts(
  source: DataSource,
  options: ReadDataOptions = {},
): AsyncGenerator<RecordedVerdict> {
  for await (const row of streamQuestionRows(source, options)) {
    if (!row.verdict) throw lacks(row, 'verdicts on two answers');
    yield { question: row.question, ...row.verdict };
  }
}

function about({
  question,
  turns,
  group,
}: QuestionRow): Pick<RecordedPreference, 'question' | 'turns' | 'group'> {
  // prettier-ignore
  return { question, ...(turns && { turns }), ...(group !== undefined && { group }) };
}

const holds: Readonly<Record<Form, string>> = {
  quadruple: 'a quadruple of sentences',
  corrected: 'an answer with its correction',
  question: 'a question',
  preference: 'a pair of answers, one preferred',
  answer: 'an answer',
  verdict: 'a verdict on two answers',
};

function lacks({ place, form }: QuestionRow, wanted: string): Error {
  return new Error(`${place}: holds ${holds[form]} (expected ${wanted}); name other data`);
}
