/** The shapes of answers by number of correction rounds: what goes in, the records, the summary. */
import type { Corrector } from '../../align/corrector.js';
import type { ContinueWith, LoopEnds, StopReason } from '../../align/loop.js';
import type { Upstream } from '../../align/upstream.js';
import type { Problem } from '../../data/types.js';
import type { Interval } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import type { Judge, JudgedRevision } from '../answers/evaluate.js';
import type { Revision } from '../answers/systems.js';

export interface NamedCorrector {
  /** In records and figures, e.g. `m-seed2`. */
  name: string;
  corrector: Corrector;
}

/** `annotate` may be absent where there is no exact solver; then scores are null. */
export type RoundsJudge = Pick<Judge, 'isRight'> & Partial<Pick<Judge, 'annotate'>>;

export interface RoundsOptions {
  upstream: Upstream;
  /** Several sizes, several training seeds. */
  correctors: readonly NamedCorrector[];
  problems: readonly Problem[];
  judge: RoundsJudge;
  /** Of a loop, and of a corrector that writes on alone. */
  limits?: LoopEnds;
  /** K: answers after 0 … K correction rounds are made. Default 8. */
  rounds?: number;
  /** Problems computed together, with all correctors. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** Of the intervals. */
  seed: number;
  /** Records of an earlier run of the same command; they are not made again. */
  done?: readonly RoundsRecord[];
  /** In steps of equal kind: a model's pass over a batch of problems. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** One answer, judged as a whole and sentence by sentence. */
export interface RoundsAnswer {
  text: string;
  right: boolean;
  /** Share of its sentences that are right in their place, see `scoreRule`; null without a solver. */
  score: number | null;
  sentences: number;
  /** Unicode code points. */
  characters: number;
}

/** All answers of one corrector to one problem. */
export interface RoundsRecord {
  corrector: string;
  problem: string;
  unseenFamily: boolean;
  /** The loop to its end. */
  classic: RoundsAnswer & {
    stop: StopReason;
    /** Correction rounds until then, the one that ended it included. */
    rounds: number;
  };
  /** Of the classic loop; judged where there is a solver. */
  revisions: (Revision | JudgedRevision)[];
  /**
   * `[k]`, 0 … K: k correction rounds, then one model writes on alone. `upstream`: the whole rest
   * at once (the authors' code); `corrector`: sentence by sentence with y1 empty (the paper's
   * text). Where the loop ended within k rounds, the classic answer.
   */
  continued: Record<ContinueWith, RoundsAnswer[]>;
}

/** A mean over problems. */
export interface MeanOver {
  /** null where nothing is measured. */
  mean: number | null;
  ci: Interval | null;
}

/** The answers of one kind, over all problems. */
export interface AnswersPoint {
  /** Problems. */
  n: number;
  accuracy: number | null;
  /** Wilson's. */
  ci: Interval | null;
  /** Accuracy − that of the upstream alone (k = 0, `upstream`), in pairs. */
  gain: MeanOver;
  score: MeanOver;
  /** `[bin]`, share of the answers in each of {@link RoundsSummary.scoreBins}; null without scores. */
  scoreShares: number[] | null;
  characters: MeanOver;
  sentences: MeanOver;
}

/** After k correction rounds. */
export interface RoundsPoint extends AnswersPoint {
  k: number;
}

export interface CorrectorRounds {
  name: string;
  classic: AnswersPoint & {
    /** Mean number of correction rounds. */
    rounds: MeanOver;
    stops: Record<string, number>;
  };
  continued: Record<ContinueWith, RoundsPoint[]>;
  /** The least k from which on every answer is the classic one's; null where none up to K is. */
  settled: Record<ContinueWith, number | null>;
}

/** `rounds.json` */
export interface RoundsSummary {
  upstream: string;
  /** K */
  rounds: number;
  maxRounds: number;
  /** When a sentence counts as right, in words. */
  scoreRule: string;
  /** Names of the bins of scores, from none right to all right. */
  scoreBins: string[];
  correctors: CorrectorRounds[];
}

/** What is compared of two answers; `right` counts as 1 or 0. */
export type AnswerMeasure = 'right' | 'score' | 'characters' | 'sentences';

/** One of a record's answers. `{ continueWith: 'upstream', k: 0 }` is the upstream alone. */
export type AnswerAt = 'classic' | { continueWith: ContinueWith; k: number };

/** Of one corrector's records; `random` draws the problems. */
interface RoundsEffectOptions {
  records: Iterable<RoundsRecord>;
  corrector: string;
  measure: AnswerMeasure;
  random: Random;
  /** What the effect is tested against. Default 0. */
  nullValue?: number;
}

export interface RoundsDifferenceOptions extends RoundsEffectOptions {
  from: AnswerAt;
  to: AnswerAt;
}

export interface RoundsTrendOptions extends RoundsEffectOptions {
  continueWith: ContinueWith;
}
