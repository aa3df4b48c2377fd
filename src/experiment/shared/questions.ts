/** The questions of a command, and who judges their answers. */
import { existsSync } from 'node:fs';
import type { DataPlace } from '../../data/files/place.js';
import { isQuestionKind, openQuestions, questionKinds } from '../../data/questionSets.js';
import type { QuestionSet } from '../../data/types.js';
import { judgesFor, type Judges } from '../../judge/judgesFor.js';
import type { Lab } from './lab.js';

export interface OpenedQuestions extends Judges, QuestionSet {
  /** For the manifest: the data, where they are no generated problems. */
  files: Readonly<Record<string, DataPlace>>;
}

/**
 * The first `limit` questions of a command; where a judge of pairs or a scorer is named, they need no right answer.
 * @throws where nothing has that name.
 */
export async function commandQuestions(
  given: {
    questions?: string;
    judge?: string | undefined;
    scorer?: readonly string[] | undefined;
    split: string;
    limit: number;
    seed: number;
  },
  lab: Pick<Lab, 'path' | 'data' | 'onReport'>,
): Promise<OpenedQuestions> {
  const { limit: count, seed, split } = given;
  const named = given.questions ?? `generated:${split}`;
  const generated = isQuestionKind(named) && !existsSync(lab.path(named));
  const place = generated ? undefined : await lab.data(named, { besides: questionKinds });
  const answers = (given.judge ?? given.scorer) === undefined ? 'needed' : 'optional';
  const how = { count, seed, answers, onReport: lab.onReport } as const;
  const set = await openQuestions(place ?? named, how);
  return { ...set, ...judgesFor(set), files: place ? { questions: place } : {} };
}
