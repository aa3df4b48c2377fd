/** Shapes of `evaluate.json`, `corrector.json`, `rounds.json` and `compare.json`. */
import type { Interval } from '../math/interval.js';

export interface EvaluatedSystem {
  /** `upstream`, `stream-<corrector>`, `aligner-<…>`, `corrector-alone-<…>`. */
  name: string;
  /** Problems. */
  n: number;
  accuracy: number | null;
  ci: Interval | null;
  /** Over rounds; null for systems without rounds. */
  copyRate: number | null;
  /** Right now, given that the upstream alone was wrong. */
  fixRate: number | null;
  /** Wrong now, given that the upstream alone was right. */
  breakRate: number | null;
  msPerToken: number | null;
  firstTokenMs: number | null;
  copyRateCi?: Interval | null;
  fixRateCi?: Interval | null;
  breakRateCi?: Interval | null;
  /** The same for the problems with the family that training never saw. */
  unseenFamily?: EvaluatedPart;
  /** And for the others. */
  seenFamilies?: EvaluatedPart;
  /** Mean number of revisions (rounds that were corrected) per problem. */
  revisions?: number | null;
  /** How many answers ended for which reason. */
  stops?: Record<string, number>;
  /** Paired differences in accuracy, over the upstream and over the corrector alone. */
  gains?: { over: string; n: number; gain: number | null; ci: Interval | null }[];
}

/** A part of the problems. */
export interface EvaluatedPart {
  n: number;
  accuracy: number | null;
  ci: Interval | null;
  fixRate?: number | null;
  fixRateCi?: Interval | null;
  breakRate?: number | null;
  breakRateCi?: Interval | null;
}

export interface EvaluateSummary {
  systems: EvaluatedSystem[];
  /** What was answered, e.g. the split, and how many. */
  data?: Record<string, unknown>;
  /** Milliseconds by part. */
  timing?: Record<string, number>;
}

/** A rate over `n` sentences. */
export interface SentenceRate {
  rate: number | null;
  n: number;
  ci: Interval | null;
}

/** Sentence-level rates of a corrector on recorded quadruples. */
export interface CorrectorSummary {
  model: string;
  /** Quadruples. */
  n: number;
  /** Good sentences copied verbatim. */
  goodCopied: SentenceRate;
  /** Bad sentences rewritten to right ones. */
  badFixed: SentenceRate;
  /** Neutral sentences whose content was kept and whose form was mended. */
  neutralImproved: SentenceRate;
  /** Empty output where the answer was complete. */
  surplusStopped?: SentenceRate;
  /** A right sentence where the upstream stopped too early. */
  missingWritten?: SentenceRate;
  /** Bad sentences copied verbatim: faults not noticed. */
  badCopied?: SentenceRate;
  /** Good sentences neither copied nor replaced by another good one. */
  goodBroken?: SentenceRate;
  /** Sentences with that kind of fault for which the correction is good. */
  byFault?: Record<string, SentenceRate>;
  /** The same rates on problems with the family that training never saw. */
  unseenFamily?: Record<string, SentenceRate>;
  /** And on the others. */
  seenFamilies?: Record<string, SentenceRate>;
}
