/** The shape of `compare.json`. */
import { z } from 'zod';
import { ci, count, effect, numberOrNull, rate, warnings } from '../../../shape/pieces.js';
import { withGroups } from '../../shared/groups.js';
import { divided, outcomes, revised } from '../evaluate/shape.js';

/** `sft` and `dpo` are the upstream fine-tuned. */
const comparedKinds = ['upstream', 'stream', 'aligner', 'proxy', 'sft', 'dpo'] as const;
export type ComparedKind = (typeof comparedKinds)[number];

/** A number with its interval over questions; null where nothing was timed. */
const estimate = z.strictObject({ value: numberOrNull, ci });
export type Estimate = z.infer<typeof estimate>;

/** Milliseconds, one question at a time. */
const systemTiming = z.strictObject({
  /** Timed questions. */
  n: count,
  perProblem: estimate,
  /** Σ time ÷ Σ visible tokens. */
  perToken: estimate,
  /** To the first text that can be shown: a sentence, or an Aligner's whole answer. */
  firstText: estimate,
});
export type SystemTiming = z.infer<typeof systemTiming>;

const comparedSystem = z.preprocess(
  withGroups,
  z.strictObject({
    /** `upstream`, `stream-<corrector>`, `aligner-<aligner>`, `proxy-<expert>`, `sft`, `dpo`. */
    name: z.string(),
    kind: z.enum(comparedKinds),
    /** Of its small model; null where it has none. */
    size: z.string().nullable(),
    bytes: numberOrNull,
    /** Of proxy-tuning; null elsewhere. */
    alpha: numberOrNull,
    ...outcomes,
    ...revised,
    ...divided,
    timing: systemTiming,
  }),
);
export type ComparedSystem = z.infer<typeof comparedSystem>;

/** The upstream's answer chosen by vote among n samples. */
const bestOf = z.strictObject({
  samples: count,
  /** Questions whose chosen sample was judged. */
  n: count,
  accuracy: rate,
  ci,
  /** Share of the questions where any sample is right: no choice among them can do better. */
  anyRight: rate,
  anyRightCi: ci,
  timing: systemTiming,
});
export type BestOf = z.infer<typeof bestOf>;

/** Accuracy of a stream system − that of a rival, over the same questions. */
const systemDifference = z.strictObject({
  /** Of the corrector. */
  size: z.string(),
  stream: z.string(),
  /** A system's name, or `best-of-<n>`. */
  over: z.string(),
  kind: z.enum([...comparedKinds, 'best-of']),
  ...effect.shape,
});
export type SystemDifference = z.infer<typeof systemDifference>;

/** Times of a stream system and of the Aligner of the same size, over the same questions. */
const latencyRatios = z.strictObject({
  size: z.string(),
  stream: z.string(),
  aligner: z.string(),
  /** Stream's time per token ÷ the Aligner's; tested against 1. */
  perToken: effect,
  /** The Aligner's time to the first text ÷ stream's; tested against 1. */
  firstText: effect,
});
export type LatencyRatios = z.infer<typeof latencyRatios>;

/** `compare.json` */
export const compareSummary = z.strictObject({
  upstream: z.string(),
  systems: z.array(comparedSystem),
  bestOf: z.array(bestOf),
  differences: z.array(systemDifference),
  latency: z.array(latencyRatios),
  /** How the best-of-n that stands against a stream system is chosen, in words. */
  equalTimeRule: z.string(),
  warnings,
});
export type CompareSummary = z.infer<typeof compareSummary>;
