/** The systems of a comparison, from the models that are given. */
import type { Aligner } from '../../../align/aligner.js';
import type { Corrector } from '../../../align/corrector.js';
import type { LoopEnds } from '../../../align/loop.js';
import type { Upstream } from '../../../align/upstream.js';
import { extractAnswer } from '../../../text/answers.js';
import type { Sampling } from '../bestOf.js';
import type { ComparedKind } from './shape.js';
import {
  alignerSystem,
  proxySystem,
  streamSystem,
  tunedSystem,
  upstreamSystem,
  type System,
} from '../systems.js';

/** How large the small model is. */
export interface ModelSize {
  /** The same for the models that are compared with each other, e.g. `m`. */
  size: string;
  /** Of its file and weights; null where not known. */
  bytes: number | null;
}

export interface ComparedModels {
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
  /** Of the loops. */
  limits?: LoopEnds;
}

/** A system and what it is to the comparison. */
export interface Entry {
  system: System;
  kind: ComparedKind;
  size: string | null;
  bytes: number | null;
  /** Of proxy-tuning. */
  alpha: number | null;
}

/** In the order in which they are shown; a model that is not given leaves its system out. */
export function comparedSystems(models: ComparedModels): Entry[] {
  const { correctors, aligners = [], proxies = [], tuned = [], limits } = models;
  const fixed = { alpha: null };
  const whole = { size: null, bytes: null, ...fixed };
  return [
    { system: upstreamSystem(), kind: 'upstream', ...whole },
    ...correctors.map(({ corrector, size, bytes }): Entry => {
      const system = streamSystem({ ...limits, corrector, caches: false });
      return { system, kind: 'stream', size, bytes, ...fixed };
    }),
    ...aligners.map(({ aligner, size, bytes }): Entry => {
      return { system: alignerSystem({ aligner }), kind: 'aligner', size, bytes, ...fixed };
    }),
    ...proxies.map(({ size, bytes, alpha, ...proxy }): Entry => {
      return { system: proxySystem(proxy), kind: 'proxy', size, bytes, alpha };
    }),
    ...tuned.map(({ kind, upstream }): Entry => {
      return { system: tunedSystem({ name: kind, upstream }), kind, ...whole };
    }),
  ];
}

/** What is sampled and voted on; nothing without a sampler. @throws where numbers do not ascend from 1. */
export function samplingOf(models: ComparedModels): Sampling | undefined {
  const { sampler, bestOf: counts = [1, 2, 4, 8, 16], finalAnswer } = models;
  if (!sampler) return undefined;
  const ascends = counts.every((n, i) => Number.isInteger(n) && n > (counts[i - 1] ?? 0));
  if (ascends && counts.length > 0) {
    const votesBy = finalAnswer ? null : extractAnswer.name;
    return { sampler, counts, finalAnswer: finalAnswer ?? extractAnswer, votesBy };
  }
  throw new Error(
    `compare: best-of-n needs whole numbers from 1, ascending (got ${counts.join(', ')})`,
  );
}
