/** What records of answers are about; two runs of one command make the same keys. */
import type { Question } from '../../data/types.js';
import type { AnswerRecord, CompareRecord, TimingRecord } from './shape.js';

type About =
  Pick<AnswerRecord | TimingRecord, 'kind' | 'system' | 'problem'> | { kind: 'samples'; problem: string }; // prettier-ignore

export function answersKey(record: About): string {
  const system = record.kind === 'samples' ? [] : [record.system];
  return JSON.stringify([record.kind, ...system, record.problem]);
}

/** One key per question. */
export function keysOf(
  about: { kind: 'answer' | 'timing'; system: string } | { kind: 'samples' },
  questions: readonly Pick<Question, 'id'>[],
): string[] {
  return questions.map(({ id }) => answersKey({ ...about, problem: id }));
}

/** Records by key, the last of equals. */
export function byKey(records: Iterable<CompareRecord>): Map<string, CompareRecord> {
  return new Map(Array.from(records, (record) => [answersKey(record), record]));
}
