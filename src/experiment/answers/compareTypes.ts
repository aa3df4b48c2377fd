/** The shapes of systems compared over the same problems: what goes in, the records, the summary. */
import type { Aligner } from '../../align/aligner.js';
import type { Corrector } from '../../align/corrector.js';
import type { LoopEnds } from '../../align/loop.js';
import type { Upstream } from '../../align/upstream.js';
import type { Problem } from '../../data/types.js';
import type { Effect } from '../../math/effect.js';
import type { Interval } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import type { AnswerRecord, Judge, TimingRecord } from './evaluate.js';
import type { Outcomes, SystemSummary } from './evaluateSummary.js';

/** What a small model adds to the upstream; each comes in sizes. */
export type SizedKind = 'stream' | 'aligner' | 'proxy';

/** `sft` and `dpo` are the upstream fine-tuned. */
export type ComparedKind = 'upstream' | SizedKind | 'sft' | 'dpo';

/** How large the small model is. */
export interface ModelSize {
  /** The same for the models that are compared with each other, e.g. `m`. */
  size: string;
  /** Of its file and weights; null where not known. */
  bytes: number | null;
}

export interface CompareOptions {
  upstream: Upstream;
  correctors: readonly (ModelSize & { corrector: Corrector })[];
  aligners?: readonly (ModelSize & { aligner: Aligner })[];
  /** The upstream tuned by an expert of that size (proxy-tuning), the expert's name and α. */
  proxies?: readonly (ModelSize & { expert: string; alpha: number; upstream: Upstream })[];
  /** The fine-tuned upstreams. */
  tuned?: readonly { kind: 'sft' | 'dpo'; upstream: Upstream }[];
  /** The upstream, sampling; needed for best-of-n. */
  sampler?: Upstream;
  /** Samples that are voted on, ascending. Default 1, 2, 4, 8, 16. */
  bestOf?: readonly number[];
  /** The final answer that samples vote on; null: no vote. Default `extractAnswer`. */
  finalAnswer?: (text: string) => string | null;
  problems: readonly Problem[];
  judge: Judge;
  limits?: LoopEnds;
  /** Problems computed together, with all systems. Default 32. */
  batchSize?: number;
  /** Batches that run side by side; useful with models in as many copies. Default 1. */
  atOnce?: number;
  /** How many problems, the first ones, are timed one by one. Default 20. */
  timed?: number;
  /** Of the intervals. */
  seed: number;
  /**
   * Answers that another experiment has made, e.g. by `streamAnswers`: they are yielded as records
   * of this one. A system that has one for every problem is only timed.
   */
  answered?: readonly AnswerRecord[];
  /** Records of an earlier run of the same command; they are not made again. */
  done?: readonly CompareRecord[];
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
  onProgress?: (phase: 'answers' | 'timing', done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The sampled answers to one problem; those of a smaller n are its first n. */
export interface SamplesRecord {
  kind: 'samples';
  problem: string;
  /** `[n]` */
  texts: string[];
  /** `[n]`, what each votes for. */
  finals: (string | null)[];
  /** `[n]` */
  right: boolean[];
}

/** Best-of-n has timings under the name `best-of-<n>`, and samples instead of answers. */
export type CompareRecord = AnswerRecord | TimingRecord | SamplesRecord;

/** A number with its interval over problems. */
export interface Estimate {
  /** null where nothing was timed. */
  value: number | null;
  ci: Interval | null;
}

/** Milliseconds, one problem at a time. */
export interface SystemTiming {
  /** Timed problems. */
  n: number;
  perProblem: Estimate;
  /** Σ time ÷ Σ visible tokens. */
  perToken: Estimate;
  /** To the first text that can be shown: a sentence, or an Aligner's whole answer. */
  firstText: Estimate;
}

export interface ComparedSystem
  extends
    Outcomes,
    Pick<
      SystemSummary,
      'copyRate' | 'copyRateCi' | 'revisions' | 'stops' | 'seenFamilies' | 'unseenFamily'
    > {
  /** `upstream`, `stream-<corrector>`, `aligner-<aligner>`, `proxy-<expert>`, `sft`, `dpo`. */
  name: string;
  kind: ComparedKind;
  /** Of its small model; null where it has none. */
  size: string | null;
  bytes: number | null;
  /** Of proxy-tuning; null elsewhere. */
  alpha: number | null;
  timing: SystemTiming;
}

/** The upstream's answer chosen by vote among n samples. */
export interface BestOf {
  samples: number;
  /** Problems. */
  n: number;
  accuracy: number | null;
  ci: Interval | null;
  /** Share of the problems where any sample is right: no choice among them can do better. */
  anyRight: number | null;
  anyRightCi: Interval | null;
  timing: SystemTiming;
}

/** Accuracy of a stream system − that of a rival, over the same problems. */
export interface SystemDifference extends Effect {
  /** Of the corrector. */
  size: string;
  stream: string;
  /** A system's name, or `best-of-<n>`. */
  over: string;
  kind: ComparedKind | 'best-of';
}

/** Times of a stream system and of the Aligner of the same size, over the same problems. */
export interface LatencyRatios {
  size: string;
  stream: string;
  aligner: string;
  /** Stream's time per token ÷ the Aligner's; tested against 1. */
  perToken: Effect;
  /** The Aligner's time to the first text ÷ stream's; tested against 1. */
  firstText: Effect;
}

/** `compare.json` */
export interface CompareSummary {
  upstream: string;
  systems: ComparedSystem[];
  bestOf: BestOf[];
  differences: SystemDifference[];
  latency: LatencyRatios[];
  /** How the best-of-n that stands against a stream system is chosen, in words. */
  equalTimeRule: string;
}

/** Which two systems' records are compared; `random` draws the problems. */
export interface PairOptions {
  records: Iterable<CompareRecord>;
  /** Names of systems; best-of-n is `best-of-<n>`. */
  of: string;
  against: string;
  random: Random;
  /** What the effect is tested against. Default 0 for differences, 1 for ratios. */
  nullValue?: number;
}
