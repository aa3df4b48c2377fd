/** The shapes of a logit lens: the records, and the summary. */
import type { Interval } from '../../math/interval.js';
import type { Behaviour } from '../../read/stimuli.js';
import type { CaseRecord } from '../causal/types.js';

/** What the unsteered corrector does with a sentence; `test` data only. */
export type LensCase = CaseRecord & { split: 'test' };

/** What the last norm and the head make of one layer's hidden state at the boundary token. */
export interface LensLayer {
  /** The lens' top token is the model's own first token. */
  settled: boolean;
  /** Of the model's own first token, 0 … 1. */
  probability: number;
  /** Of the model's own first token; 0 is the top. */
  rank: number;
  /**
   * Logit of the model's own first token minus the largest among the first tokens of the other
   * class; null where that class has none.
   */
  logOdds: number | null;
}

/** One sentence through the lens. */
export interface LensReading {
  kind: 'lens';
  problem: string;
  label: Behaviour;
  /** `[L]` */
  layers: LensLayer[];
}

export type LensRecord = LensCase | LensReading;

/** A mean or share over cases; each case is of its own problem. */
export interface LensMean {
  mean: number | null;
  ci: Interval | null;
}

/** One class at one layer. */
export interface LensPoint {
  /** Share of the cases. */
  settled: LensMean;
  probability: LensMean;
  logOdds: LensMean;
  medianRank: number | null;
}

/** From which layer on the first token stays settled. */
export interface Settling {
  /** Cases of the class. */
  n: number;
  median: number | null;
  medianCi: Interval | null;
  mean: number | null;
  meanCi: Interval | null;
  /** `[L]`: cases that settle at that layer. */
  counts: number[];
}

/** The summary `lens.json`; every key is part of the interface. */
export interface LensSummary {
  model: string;
  seed: number;
  /** L */
  layers: number;
  perLayer: ({ layer: number } & Record<Behaviour, LensPoint>)[];
  settling: Record<Behaviour, Settling>;
  /** Cases; corrections that begin as y1 does are left out of everything else. */
  data: { copy: number; correct: number; lateCorrections: number };
  warnings: string[];
}
