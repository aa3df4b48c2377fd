/** Correction rounds whose answers judges hold against the upstream's own. */
import type { Question } from '../../data/types.js';
import type { Judge } from '../../judge/judge.js';
import { createRandom } from '../../math/random.js';
import { noteWarnings, sumNotes } from '../../text/notes.js';
import { withWarnings } from '../answers/refused.js';
import {
  judgeAnswers,
  judgedWarnings,
  summariseJudged,
  type JudgedAnswer,
  type JudgedRecord,
} from '../shared/judging.js';
import type { Stages } from '../shared/stages.js';
import { runRounds, type RoundsOptions } from './run.js';
import type { RoundsLine, RoundsRecord, RoundsSummary } from './shape.js';

export interface JudgedRoundsOptions extends Omit<RoundsOptions, 'done' | 'onProgress'> {
  judges: readonly Judge[];
  /** Numbers of rounds whose answers are judged, beside the end. Default: all. */
  judgedRounds?: readonly number[];
  done: readonly RoundsLine[];
  stages: Stages;
}

/**
 * Yields the lines that are missing: all answers first, then what the judges say of them.
 * @throws as `runRounds`
 */
export async function* runJudgedRounds(
  options: JudgedRoundsOptions,
): AsyncGenerator<RoundsLine, RoundsSummary> {
  const { judges, judgedRounds, questions, stages, store, signal } = options;
  const { answers: made, judged: said } = splitLines(options.done);
  const rounds = runRounds({
    ...options,
    done: [...made],
    onProgress: stages('correcting for 0, 1, 2, … rounds'),
  });
  const answered = yield* collected(rounds, made);
  const judged = yield* judgeAnswers({
    judges,
    answers: judgedAnswers(made, questions, judgedRounds),
    done: said,
    onProgress: stages('judging'),
    ...(store && { store }),
    ...(signal && { signal }),
  });
  const random = createRandom(options.seed).fork('judged');
  const summary = { ...answered, ...summariseJudged(judged, random) };
  return withWarnings(summary, [
    ...(summary.warnings ?? []),
    ...judgedWarnings(summary.judged),
    ...noteWarnings(sumNotes(summary.correctors.map(({ notes }) => notes))),
  ]);
}

/** The lines of a run, by what they are. */
export function splitLines(lines: readonly RoundsLine[]): {
  answers: RoundsRecord[];
  judged: JudgedRecord[];
} {
  return {
    answers: lines.flatMap((line) => ('kind' in line ? [] : [line])),
    judged: lines.flatMap((line) => ('kind' in line ? [line] : [])),
  };
}

/** Passes records on, and keeps them. */
async function* collected<R, T>(from: AsyncGenerator<R, T>, into: R[]): AsyncGenerator<R, T> {
  for (;;) {
    const next = await from.next();
    if (next.done) return next.value;
    into.push(next.value);
    yield next.value;
  }
}

/** After numbers of rounds and to the end, beside the upstream alone; what was refused is not judged. */
function judgedAnswers(
  records: readonly RoundsRecord[],
  questions: readonly Question[],
  at?: readonly number[],
): JudgedAnswer[] {
  const byId = new Map(questions.map((question) => [question.id, question]));
  return records.flatMap(({ corrector: system, problem, classic, continued }) => {
    const question = byId.get(problem);
    const alone = continued.upstream[0]?.text ?? '';
    if (!question || alone === '') return [];
    const about = { system, question, upstream: alone };
    const after = continued.upstream
      .map(({ text }, k) => ({ ...about, rounds: k, answer: text }))
      .filter(({ rounds }) => rounds > 0 && (at?.includes(rounds) ?? true));
    return [...after, { ...about, rounds: null, answer: classic.text }].filter(
      ({ answer }) => answer !== '',
    );
  });
}
