/** What scorers beside the primary one say, as means over answers. */
import { z } from 'zod';
import { bootstrapMean } from '../../math/bootstrap.js';
import type { Random } from '../../math/random.js';
import { otherScorers } from '../../judge/scoreAnswers.js';
import type { Score, ScorerInfo } from '../../judge/scorer.js';
import { ci, count, numberOrNull } from '../../shape/pieces.js';

/** Values of the scorers beside the primary one, by name. */
export const scores = z.record(z.string(), z.union([z.number(), z.boolean()]).nullable());

/** One of those scorers, over all answers. */
export const scoreSummary = z.strictObject({
  name: z.string(),
  unit: z.string(),
  better: z.enum(['higher', 'lower']),
  /** Answers with a value. */
  n: count,
  /** In the scorer's unit; of yes-or-no scorers, the share of yes. */
  mean: numberOrNull,
  ci,
});
export type ScoreSummary = z.infer<typeof scoreSummary>;

/**
 * One summary per scorer beside the primary one, in order; absent where there are none.
 * @param options.random draws the answers; the same ones for all scorers
 */
export function summariseScores(
  records: readonly { scores?: Record<string, Score> }[],
  { scorers, random }: { scorers: readonly ScorerInfo[]; random: Random },
): { scores?: ScoreSummary[] } {
  const others = otherScorers(scorers);
  if (others.length === 0) return {};
  const scores = others.map(({ name, unit, better }): ScoreSummary => {
    const values = records.flatMap((record) => {
      const value = record.scores?.[name] ?? null;
      return value === null ? [] : [Number(value)];
    });
    const info = { name, unit, better, n: values.length };
    if (values.length === 0) return { ...info, mean: null, ci: null };
    const { mean, ci } = bootstrapMean({ values, random: random.fork('scores') });
    return { ...info, mean, ci };
  });
  return { scores };
}
