/** The shapes of answers by number of correction rounds: the records, and `rounds.json`. */
import { z } from 'zod';
import { ci, count, meanOver, rate, warnings } from '../../shape/pieces.js';
import { judgedRecord, judgedSummary } from '../shared/judging.js';
import { group, withGroup } from '../shared/groups.js';
import { noteCounts, revisions } from '../shared/revisions.js';
import { scores, scoreSummary } from '../shared/scores.js';
import { contextEnd, right, stopReason } from '../shared/verdict.js';

/** One answer, judged as a whole and sentence by sentence. */
const roundsAnswer = z.strictObject({
  text: z.string(),
  right,
  scores: scores.optional(),
  /** Share of its sentences that are right in their place, see `scoreRule`; null without a judge. */
  score: rate,
  sentences: count,
  /** Unicode code points. */
  characters: count,
});
export type RoundsAnswer = z.infer<typeof roundsAnswer>;

/** All answers of one corrector to one question. */
export const roundsRecord = z.preprocess(
  withGroup,
  z.strictObject({
    corrector: z.string(),
    problem: z.string(),
    group,
    /** The loop to its end, and its correction rounds, the one that ended it included. */
    classic: roundsAnswer.extend({ stop: stopReason, rounds: count, context: contextEnd }),
    /** Of the classic loop. */
    revisions,
    /**
     * `[k]`, 0 … K: k correction rounds, then one model writes on alone. `upstream`: the whole rest
     * at once (the authors' code); `corrector`: sentence by sentence with y1 empty (the paper's
     * text). Where the loop ended within k rounds, the classic answer.
     */
    continued: z.strictObject({
      upstream: z.array(roundsAnswer),
      corrector: z.array(roundsAnswer),
    }),
  }),
);
export type RoundsRecord = z.infer<typeof roundsRecord>;

/** A line of the records of a run. */
export const roundsLine = z.union([judgedRecord, roundsRecord]);
export type RoundsLine = z.infer<typeof roundsLine>;

/** A mean over questions; null where nothing is measured. */
export type MeanOver = z.infer<typeof meanOver>;

/** The answers of one kind, over all questions. */
const answersPoint = z.strictObject({
  /** Questions whose answers the primary scorer judged. */
  n: count,
  accuracy: rate,
  /** Wilson's. */
  ci,
  /** Accuracy − that of the upstream alone (k = 0, `upstream`), in pairs. */
  gain: meanOver,
  score: meanOver,
  /** `[bin]`, share of the answers in each of `scoreBins`; null without scores. */
  scoreShares: z.array(rate).nullable(),
  characters: meanOver,
  sentences: meanOver,
  scores: z.array(scoreSummary).optional(),
});
export type AnswersPoint = z.infer<typeof answersPoint>;

/** After k correction rounds. */
const roundsPoint = z.strictObject({ k: count, ...answersPoint.shape });

const correctorRounds = z.strictObject({
  name: z.string(),
  classic: answersPoint.extend({
    /** Mean number of correction rounds. */
    rounds: meanOver,
    stops: z.record(z.string(), count),
  }),
  continued: z.strictObject({
    upstream: z.array(roundsPoint),
    corrector: z.array(roundsPoint),
  }),
  /** Of the revisions of the classic loop. */
  notes: noteCounts.optional(),
  /** The least k from which on every answer is the classic one's; null where none up to K is. */
  settled: z.strictObject({ upstream: count.nullable(), corrector: count.nullable() }),
});
export type CorrectorRounds = z.infer<typeof correctorRounds>;

/** `rounds.json` */
export const roundsSummary = z.strictObject({
  upstream: z.string(),
  /** K */
  rounds: count,
  maxRounds: count,
  /** When a sentence counts as right, in words. */
  scoreRule: z.string(),
  /** Names of the bins of scores, from none right to all right. */
  scoreBins: z.array(z.string()),
  correctors: z.array(correctorRounds),
  /** Answers against those of the upstream alone, by judges; absent where none was named. */
  judged: z.array(judgedSummary).optional(),
  warnings,
});
export type RoundsSummary = z.infer<typeof roundsSummary>;
