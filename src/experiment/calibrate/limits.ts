/**
 * How long answers of a server may grow. A calibration measures under the same limits, since edit
 * ratios are means over the rounds that there are.
 */
import type { LoopEnds } from '../../align/loop.js';

export const servedLimits = {
  maxRounds: 64,
  maxCharacters: 32_000,
  // A corrector that is pushed towards correcting adds to an upstream that has ended, on and on.
  maxSilent: 2,
} as const satisfies Required<LoopEnds>;
