/** The shapes of `evaluate.json` and `corrector.json`. */
import { z } from 'zod';
import { ci, count, countedRate, numberOrNull, rate, warnings } from '../../../shape/pieces.js';
import { withGroups } from '../../shared/groups.js';
import { judgedSummary } from '../../shared/judging.js';
import { noteCounts } from '../../shared/revisions.js';
import { scoreSummary } from '../../shared/scores.js';

/** Per question, paired with the upstream alone. */
export const outcomes = {
  /** Answers that the primary scorer judged. */
  n: count,
  /** Share of right answers; null where n is 0. */
  accuracy: rate,
  /** Wilson's. */
  ci,
  /** Right now, given that the upstream alone was wrong. Null for the upstream. */
  fixRate: rate,
  fixRateCi: ci,
  fixN: count.optional().describe('answers that the upstream alone got wrong: fixRate is of them'),
  /** Wrong now, given that the upstream alone was right. Null for the upstream. */
  breakRate: rate,
  breakRateCi: ci,
  breakN: count
    .optional()
    .describe('answers that the upstream alone got right: breakRate is of them'),
};
export type Outcomes = z.infer<z.ZodObject<typeof outcomes>>;

/** What a loop or an Aligner did to what the upstream wrote, and how answers ended. */
export const revised = {
  /** Copies ÷ revisions with a y1 (an Aligner's: of whole answers); null where there are none. */
  copyRate: rate,
  /** Bootstrapped over questions. */
  copyRateCi: ci,
  /** Mean number of revisions per question. */
  revisions: z.number(),
  /** How many answers ended for which reason. */
  stops: z.record(z.string(), count),
  /** Of revisions. */
  notes: noteCounts.optional(),
};

/** Results of each group of questions, and of the scorers beside the primary one. */
export const divided = {
  groups: z.array(z.strictObject({ group: z.string(), ...outcomes })),
  scores: z.array(scoreSummary).optional(),
};

/** Difference of two accuracies over the same questions, bootstrapped in pairs. */
const gain = z.strictObject({ over: z.string(), n: count, gain: numberOrNull, ci });
export type Gain = z.infer<typeof gain>;

const evaluatedSystem = z.preprocess(
  withGroups,
  z.strictObject({
    /** `upstream`, `stream-<corrector>`, steered `stream-<corrector>@<coefficient>`, `aligner-<…>`, `corrector-alone-<…>`. */
    name: z.string(),
    ...outcomes,
    ...revised,
    /** Wall time ÷ visible tokens, one question at a time; null where nothing was timed. */
    msPerToken: numberOrNull,
    /** Mean time to the first text that can be shown: a sentence, or an Aligner's whole answer. */
    firstTokenMs: numberOrNull,
    /** Over the upstream; and, for a loop, over its corrector alone. */
    gains: z.array(gain),
    ...divided,
  }),
);
export type EvaluatedSystem = z.infer<typeof evaluatedSystem>;

/** `evaluate.json` */
export const evaluateSummary = z.strictObject({
  systems: z.array(evaluatedSystem),
  /** Answers against those of the upstream alone, by judges; absent where none was named. */
  judged: z.array(judgedSummary).optional(),
  warnings,
});
export type EvaluateSummary = z.infer<typeof evaluateSummary>;

/** The five things a corrector is taught, and two that tell how it fails. */
const correctorRates = {
  /** Good sentences repeated verbatim. */
  goodCopied: countedRate,
  /** Bad sentences for which the judge calls y2 good in that place. */
  badFixed: countedRate,
  /** Neutral sentences (hedged, wordy, without equation) for which it does. */
  neutralImproved: countedRate,
  /** Sentences after the answer was complete to which y2 is empty; empty ones included. */
  surplusStopped: countedRate,
  /** Empty sentences before the answer was complete for which y2 is good in that place. */
  missingWritten: countedRate,
  /** Bad sentences repeated verbatim. */
  badCopied: countedRate,
  /** Good sentences that were not repeated and whose y2 is not good either. */
  goodBroken: countedRate,
};
export type CorrectorRates = z.infer<z.ZodObject<typeof correctorRates>>;

/**
 * `corrector.json`: sentence-level rates on recorded quadruples. Intervals are Wilson's: quadruples of
 * one question are counted as independent, so record few of each.
 */
export const correctorSummary = z.preprocess(
  withGroups,
  z.strictObject({
    model: z.string(),
    /** Sentences. */
    n: count,
    /** Sentences that the corrector had no positions for; they are left out of all else. */
    context: count.optional(),
    ...correctorRates,
    /** Sentences with that fault for which y2 is good in that place. */
    byFault: z.record(z.string(), countedRate),
    groups: z.array(z.strictObject({ group: z.string(), ...correctorRates })),
    warnings,
    notes: noteCounts.optional().describe('of sentences'),
  }),
);
export type CorrectorSummary = z.infer<typeof correctorSummary>;
