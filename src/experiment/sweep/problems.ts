/** The problems of a sweep, with their recorded rounds. */
import { knownProblem } from '../../data/problems.js';
import type { DataSource } from '../../data/files/place.js';
import type { QuestionRow } from '../../data/formats/row.js';
import { agreedAnswer, readQuestionRows, type ReadDataOptions } from '../../data/questionRows.js';
import type { Quality, RecordedSentence } from '../../data/types.js';
import { sameAnswer } from '../../text/answers.js';
import { hasSentence } from '../../text/copied.js';

/** One problem: the unit of analysis. */
export interface SweepProblem {
  id: string;
  question: string;
  /** The right answer, where a file of one's own says it. Generated problems follow from their id. */
  answer?: string;
  /** Recorded rounds, for `fixed` mode; those without a sentence as y1 are passed over. */
  inputs: readonly RecordedRound[];
}

/** A recorded p and y1, with what a judge has said of y1, where one has. */
export interface RecordedRound extends Pick<RecordedSentence, 'prefix' | 'last'> {
  quality?: Exclude<Quality, 'unjudged'>;
}

/**
 * Problems in the order of their first quadruple; those without any recorded sentence are left out,
 * so that both modes have the same ones.
 * @param limit most problems; default: all
 */
export function sweepProblems(
  quadruples: readonly RecordedSentence[],
  limit = Infinity,
): SweepProblem[] {
  const byProblem = new Map<string, RecordedSentence[]>();
  for (const quadruple of quadruples) {
    if (!hasSentence(quadruple.last)) continue;
    const known = byProblem.get(quadruple.problem);
    if (known) known.push(quadruple);
    else byProblem.set(quadruple.problem, [quadruple]);
  }
  const problems = [...byProblem].map(([id, rounds]) => ({
    id,
    question: rounds[0]?.question ?? '',
    inputs: rounds.map(roundOf),
  }));
  return problems.slice(0, limit);
}

function roundOf({ prefix, last, quality }: RecordedSentence): RecordedRound {
  return { prefix, last, ...(quality !== 'unjudged' && { quality }) };
}

/**
 * The problems of a file of quadruples, corrected answers or questions, in any of the forms of
 * {@link readQuestionRows}. Questions alone have no recorded round.
 * @param limit most problems; default: all
 */
export async function readProblems(
  source: DataSource,
  limit = Infinity,
  options: ReadDataOptions = {},
): Promise<SweepProblem[]> {
  const byProblem = new Map<string, QuestionRow[]>();
  for (const row of await readQuestionRows(source, options)) {
    const known = byProblem.get(row.problem);
    if (known) known.push(row);
    else byProblem.set(row.problem, [row]);
  }
  return [...byProblem].flatMap(([id, rows]) => problemOfRows(id, rows) ?? []).slice(0, limit);
}

/** Null where an upstream was asked and wrote nothing. */
function problemOfRows(id: string, rows: readonly QuestionRow[]): SweepProblem | null {
  const question = rows[0]?.question ?? '';
  const [recorded] = sweepProblems(rows.flatMap(({ sentences }) => sentences));
  const asked = rows.some(({ text }) => text !== undefined);
  if (!recorded && asked) return null;
  const own = knownProblem({ id, question }) === null;
  const answer = own ? agreedAnswer(rows, sameAnswer) : undefined;
  return { ...(recorded ?? { id, question, inputs: [] }), ...(answer !== undefined && { answer }) };
}
