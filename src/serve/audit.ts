/** What is told of how an answer came about: of every round, and of all together. */
import { z } from 'zod';
import type { Readings } from '../align/corrector.js';
import { count, numberOrNull, rate } from '../shape/pieces.js';
import type { AnsweredRound, AnswerEnd } from './answer.js';
import type { AuditLevel } from './chatRequest.js';
import type { Strength } from './strength.js';

const milliseconds = z.strictObject({ upstream: z.number(), corrector: z.number() });
type Milliseconds = z.infer<typeof milliseconds>;

export const auditedRound = z.strictObject({
  index: count,
  y1: z.string().optional().describe('what the upstream wrote; only in a full audit'),
  y2: z.string().optional().describe('what stands in the answer; only in a full audit'),
  copied: z.boolean(),
  unchecked: z.boolean().describe('the corrector failed, and the sentence was let through'),
  editRatio: numberOrNull.describe('of y2 to y1; null where there was nothing to compare'),
  reading: z
    .array(z.strictObject({ layer: count, value: z.number() }))
    .nullable()
    .describe('at the boundary token of the steered layers, after steering, in mean norms'),
  tokens: z.strictObject({ upstream: count, corrector: count }),
  milliseconds: milliseconds.describe('of the runs that this round took part in'),
});
export type AuditedRound = z.infer<typeof auditedRound>;

export const auditTotals = z.strictObject({
  rounds: count,
  copied: count,
  corrected: count.describe('rounds whose sentence was rewritten'),
  unchecked: count,
  editRatio: numberOrNull.describe('mean over the rounds that have one'),
  copyRate: rate.describe('of the rounds with a sentence of the upstream'),
  tokens: z.strictObject({ upstream: count, corrector: count }).describe('generated'),
  milliseconds,
  firstSentence: numberOrNull.describe('milliseconds from the request to the first text that left'),
});
export type AuditTotals = z.infer<typeof auditTotals>;

export const auditedStrength = z.strictObject({
  coefficient: z.number(),
  target: numberOrNull,
  off: z.boolean(),
  direction: z.string().nullable(),
  layers: z.array(count),
});

export function auditStrength(strength: Strength): z.infer<typeof auditedStrength> {
  const { coefficient, target, off, direction, layers } = strength;
  return { coefficient, target, off, direction, layers: [...layers] };
}

export function auditRound(
  { round, unchecked }: AnsweredRound,
  { strength, level }: { strength: Strength; level: AuditLevel },
): AuditedRound {
  return {
    index: round.index,
    ...(level === 'full' && { y1: round.last, y2: round.correction }),
    copied: round.copied && !unchecked,
    unchecked,
    editRatio: unchecked ? null : (round.edit?.editRatio ?? null),
    reading: boundaryReading(round.readings, strength),
    tokens: round.tokens,
    milliseconds: rounded(round.milliseconds),
  };
}

function rounded({ upstream, corrector }: Milliseconds): Milliseconds {
  return { upstream: hundredths(upstream), corrector: hundredths(corrector) };
}

/** Finer than any clock that is read here. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** At the token that chose the first word, of the steered layers. */
function boundaryReading(
  readings: Readings | null,
  { named, layers }: Strength,
): AuditedRound['reading'] {
  if (!readings || !named) return null;
  return layers.map((layer) => {
    const norm = named.knob.meanNorms[layer] ?? 1;
    const value = (readings.values[layer * readings.directions] ?? 0) / norm;
    return { layer, value: Math.round(value * 1e5) / 1e5 };
  });
}

export function auditAll(
  rounds: readonly AuditedRound[],
  firstSentence: number | null,
): AuditTotals {
  const sum = (of: (round: AuditedRound) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const ratios = rounds.flatMap(({ editRatio }) => editRatio ?? []);
  const copied = rounds.filter((round) => round.copied).length;
  return {
    rounds: rounds.length,
    copied,
    corrected: rounds.filter((round) => round.editRatio !== null && !round.copied).length,
    unchecked: rounds.filter(({ unchecked }) => unchecked).length,
    editRatio: ratios.length === 0 ? null : ratios.reduce((a, b) => a + b, 0) / ratios.length,
    copyRate: ratios.length === 0 ? null : copied / ratios.length,
    tokens: {
      upstream: sum(({ tokens }) => tokens.upstream),
      corrector: sum(({ tokens }) => tokens.corrector),
    },
    milliseconds: rounded({
      upstream: sum((round) => round.milliseconds.upstream),
      corrector: sum((round) => round.milliseconds.corrector),
    }),
    firstSentence: firstSentence === null ? null : hundredths(firstSentence),
  };
}

/** One choice of an answer, as a body or the last chunk of a stream tells it. */
export interface AuditedChoice {
  index: number;
  reason: AnswerEnd['reason'];
  rounds?: readonly AuditedRound[];
  totals: AuditTotals;
}
