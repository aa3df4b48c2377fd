/** The systems of a comparison, from the models that are given. */
import { bestOfSystem } from './bestOf.js';
import type { ComparedKind, CompareOptions } from './compareTypes.js';
import {
  alignerSystem,
  proxySystem,
  streamSystem,
  tunedSystem,
  upstreamSystem,
  type System,
} from './systems.js';

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
export function comparedSystems(options: CompareOptions): Entry[] {
  const { correctors, aligners = [], proxies = [], tuned = [], limits } = options;
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

/** How many samples are voted on; none without a sampler. @throws where they do not ascend from 1. */
export function sampleCounts({ sampler, bestOf = [1, 2, 4, 8, 16] }: CompareOptions): number[] {
  if (!sampler) return [];
  const ascends = bestOf.every((n, i) => Number.isInteger(n) && n > (bestOf[i - 1] ?? 0));
  if (!ascends || bestOf.length === 0) {
    throw new Error(
      `compare: best-of-n needs whole numbers from 1, ascending (got ${bestOf.join(', ')})`,
    );
  }
  return [...bestOf];
}

/** One system per number of samples. */
export function bestOfSystems(
  options: CompareOptions,
  finalAnswer: (text: string) => string | null,
): System[] {
  const { sampler } = options;
  if (!sampler) return [];
  return sampleCounts(options).map((samples) => bestOfSystem({ sampler, samples, finalAnswer }));
}
