/** The records of answers: what each system says, how long it takes, and samples to vote on. */
import { z } from 'zod';
import { judgedRecord } from '../shared/judging.js';
import { quality, revision, revisions } from '../shared/revisions.js';
import { count } from '../../shape/pieces.js';
import { group, withGroup } from '../shared/groups.js';
import { scores } from '../shared/scores.js';
import { contextEnd, right, stopReason } from '../shared/verdict.js';

/** One system's answer to one question. */
export const answerRecord = z.preprocess(
  withGroup,
  z.strictObject({
    kind: z.literal('answer'),
    system: z.string(),
    problem: z.string(),
    group,
    right,
    scores: scores.optional(),
    answer: z.string(),
    stop: stopReason,
    context: contextEnd,
    /** Sentence by sentence for a loop; the whole answer, unjudged, for an Aligner. */
    revisions,
  }),
);
export type AnswerRecord = z.infer<typeof answerRecord>;

/** One system on one question by itself, without company in the batch. Milliseconds. */
export const timingRecord = z.strictObject({
  kind: z.literal('timing'),
  system: z.string(),
  problem: z.string(),
  /** Of the visible text. */
  tokens: count,
  milliseconds: z.number(),
  firstTextMilliseconds: z.number().nullable(),
});
export type TimingRecord = z.infer<typeof timingRecord>;

/** The sampled answers to one question, `[n]` each; those of a smaller n are its first n. */
export const samplesRecord = z.strictObject({
  kind: z.literal('samples'),
  problem: z.string(),
  texts: z.array(z.string()),
  /** What each votes for. */
  finals: z.array(z.string().nullable()),
  right: z.array(right),
});
export type SamplesRecord = z.infer<typeof samplesRecord>;

/** Of `evaluate`: what the corrector made of one recorded quadruple. */
export const correctionRecord = z.preprocess(
  withGroup,
  z.strictObject({
    kind: z.literal('correction'),
    problem: z.string(),
    group,
    prefix: z.string(),
    last: z.string(),
    /** Of y1, as recorded. */
    quality,
    fault: z.string().nullable(),
    /** The recorded y2. */
    expected: z.string().nullable(),
    /** The corrector's y2; y1 itself where it was copied. */
    correction: z.string(),
    ...{ written: revision.shape.written, notes: revision.shape.notes },
    /** The judge's word on the corrector's y2 in that place; null where it is empty. */
    after: quality.nullable(),
    /** Index into the quadruples. */
    index: count,
    finish: z.enum(['stop', 'length', 'context']),
  }),
);
export type CorrectionRecord = z.infer<typeof correctionRecord>;

/** Of `compare`. Best-of-n has timings under the name `best-of-<n>`, and samples for answers. */
export const compareRecord = z.union([answerRecord, timingRecord, samplesRecord]);
export type CompareRecord = z.infer<typeof compareRecord>;

/** Of `evaluate`. */
export const evaluationRecord = z.union([
  answerRecord,
  timingRecord,
  correctionRecord,
  judgedRecord,
]);
export type EvaluationRecord = z.infer<typeof evaluationRecord>;
