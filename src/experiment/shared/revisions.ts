/** What a corrector made of a sentence, and what a judge of sentences says of both. */
import { z } from 'zod';
import type { Round } from '../../align/loop.js';
import { qualities, type Annotation, type Question } from '../../data/types.js';
import { annotatePlaces, type SentenceJudge, type SentencePlace } from '../../judge/sentences.js';
import type { Finish } from '../../runtime/decoder.js';
import { count } from '../../shape/pieces.js';
import { isCopy } from '../../text/copied.js';
import {
  countNotes,
  notesOf,
  noteWarnings,
  textNotes,
  wordlessWarnings,
  type TextNote,
} from '../../text/notes.js';

export const quality = z.enum(qualities);

/** A sentence (or, for the Aligner, an answer) before and after its correction. */
export const revision = z.strictObject({
  prefix: z.string(),
  last: z.string(),
  /** y1 itself where it was copied. */
  correction: z.string(),
  written: z.string().optional().describe('y1 as the corrector would write it, where it differs'),
  notes: z.array(z.enum(textNotes)).optional(),
});
export type Revision = z.infer<typeof revision>;

/** How many sentences have which note. */
export const noteCounts = z.strictObject({
  unwritable: count.optional().describe('y1 that the corrector’s tokenizer cannot write'),
  controlsInLast: count.optional().describe('y1 that held control characters'),
  controls: count.optional().describe('y2 that held control characters'),
  marker: count.optional().describe('y2 that held a marker of the prompt'),
});

/** y2 in a record that holds y1, and as little else as tells the rest. */
export const correctionText = {
  correction: z.string().optional().describe('y2; left out where y1 was copied'),
  finish: z.enum(['length', 'context']).optional().describe('why y2 was cut off, where it was'),
};

/** A sentence of a record that holds the prefix by its order: p is all y2 before it, one behind the other. */
export const sentence = z.strictObject({
  last: z.string().describe('y1; empty where the upstream wrote nothing'),
  ...correctionText,
  written: revision.shape.written,
  quality: quality.optional().describe('of y1, where it is recorded with one'),
});
export type Sentence = z.infer<typeof sentence>;

/** @see {@link correctionText} */
export function correctionTextOf(round: {
  last: string;
  correction: string;
  finish: Finish;
}): z.infer<z.ZodObject<typeof correctionText>> {
  const { correction, finish } = round;
  return { ...(!isCopy(round) && { correction }), ...(finish !== 'stop' && { finish }) };
}

/** @see {@link sentence} */
export function sentenceOf(
  round: Parameters<typeof correctionTextOf>[0] & Partial<Pick<Sentence, 'written' | 'quality'>>,
): Sentence {
  const { last, written, quality } = round;
  return {
    last,
    ...correctionTextOf(round),
    ...(written !== undefined && { written }),
    ...(quality && { quality }),
  };
}

/** What a loop did to sentences. A round that was cut off for want of positions did nothing. */
export function revisionsOf(rounds: readonly Round[]): Revision[] {
  return rounds.filter(({ finish }) => finish !== 'context').map(revisionOf);
}

/** What a record keeps of a round, or of a correction with its place. */
export function revisionOf(round: {
  prefix: string;
  last: string;
  correction: string;
  written?: string;
  notes?: readonly TextNote[];
}): Revision {
  const { prefix, last, correction, written, notes } = round;
  return { prefix, last, correction, ...(written !== undefined && { written }), ...notesOf(notes) };
}

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

/** Warnings about the revisions of answers, and about corrections of recorded sentences. */
export function revisionWarnings(
  answers: readonly { revisions: readonly Revision[] }[],
  corrections: readonly Pick<Revision, 'notes'>[] = [],
): string[] {
  const items = [...answers.flatMap(({ revisions }) => revisions), ...corrections];
  return [
    ...noteWarnings(countNotes(items), items.length),
    ...wordlessWarnings(answers.flatMap(({ revisions }) => revisions.map(({ last }) => last))),
  ];
}

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
    revisions.map((own) => {
      const { quality, fault } = next();
      const after = own.correction === '' ? null : next().quality;
      return { ...own, quality, fault, after };
    }),
  );
}

const unjudged: Annotation = { quality: 'unjudged', fault: null, correction: '' };

/**
 * y1 in its place, then y2 where there is one. Judges are given sentences without the white space
 * around them.
 */
function placesOf(question: Question, { prefix, last, correction }: Revision): SentencePlace[] {
  const sentences = correction === '' ? [last] : [last, correction];
  return sentences.map((text) => ({ question, prefix: prefix.trim(), last: text.trim() }));
}
