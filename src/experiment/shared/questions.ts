/** The questions of a command, and who judges their answers. */
import { existsSync } from 'node:fs';
import { openQuestions } from '../../data/questionSets.js';
import type { QuestionSet } from '../../data/types.js';
import { judgesFor, type Judges } from '../../judge/judgesFor.js';
import type { Lab } from './lab.js';

export interface OpenedQuestions extends Judges, QuestionSet {
  /** For the manifest: the file, where it is one. */
  files: Readonly<Record<string, string>>;
}

/** The first `limit` questions of a command. @throws where nothing has that name. */
export function commandQuestions(
  given: { questions?: string; split: string; limit: number; seed: number },
  lab: Pick<Lab, 'path'>,
): OpenedQuestions {
  const { limit: count, seed, split } = given;
  const named = given.questions ?? `generated:${split}`;
  const file = lab.path(named);
  const isFile = existsSync(file);
  const set = openQuestions(isFile ? file : named, { count, seed });
  return { ...set, ...judgesFor(set), files: isFile ? { questions: file } : {} };
}
