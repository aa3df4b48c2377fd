/** What a corrector made of a sentence, and what a judge of sentences says of both. */
import { z } from 'zod';
import type { Round } from '../../align/loop.js';
import { qualities, type Annotation, type Question } from '../../data/types.js';
import { annotatePlaces, type SentenceJudge, type SentencePlace } from '../../judge/sentences.js';

/** A sentence (or, for the Aligner, an answer) before and after its correction. */
export const revision = z.strictObject({
  prefix: z.string(),
  last: z.string(),
  correction: z.string(),
});
export type Revision = z.infer<typeof revision>;

/** What a loop did to sentences. A round that was cut off for want of positions did nothing. */
export function revisionsOf(rounds: readonly Round[]): Revision[] {
  return rounds
    .filter(({ finish }) => finish !== 'context')
    .map(({ prefix, last, correction }) => ({ prefix, last, correction }));
}

export const quality = z.enum(qualities);

/** A revision with the judge's word on y1 (its quality and fault) and on y2 in its place. */
const judgedRevision = revision.extend({
  quality,
  fault: z.string().nullable(),
  /** null where y2 is empty. */
  after: quality.nullable(),
});
export type JudgedRevision = z.infer<typeof judgedRevision>;

/** The revisions of an answer; judged where there is a judge of sentences. */
export const revisions = z.array(z.union([judgedRevision, revision]));

/** The revisions of one answer. */
export interface Revised {
  question: Question;
  revisions: readonly Revision[];
}

/** The judge's word on every revision of a batch of answers; without a judge they stay as they are. */
export async function judgeRevisions(
  answers: readonly Revised[],
  { sentences, signal }: { sentences?: SentenceJudge; signal?: AbortSignal },
): Promise<(Revision | JudgedRevision)[][]> {
  if (!sentences) return answers.map(({ revisions }) => [...revisions]);
  const places = answers.flatMap(({ question, revisions }) =>
    revisions.flatMap((revision) => placesOf(question, revision)),
  );
  const annotations = await annotatePlaces(sentences, places, { signal });
  let at = 0;
  const next = (): Annotation => annotations[at++] ?? unjudged;
  return answers.map(({ revisions }) =>
    revisions.map(({ prefix, last, correction }) => {
      const { quality, fault } = next();
      const after = correction === '' ? null : next().quality;
      return { prefix, last, correction, quality, fault, after };
    }),
  );
}

const unjudged: Annotation = { quality: 'unjudged', fault: null, correction: '' };

/** y1 in its place, then y2 where there is one. */
function placesOf(question: Question, { prefix, last, correction }: Revision): SentencePlace[] {
  const given = { question, prefix, last };
  return correction === '' ? [given] : [given, { question, prefix, last: correction }];
}
