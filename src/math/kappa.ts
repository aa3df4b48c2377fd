/** Agreement of two raters beyond chance. */

/**
 * Cohen's kappa of paired labels (Cohen 1960): (p_o − p_e) / (1 − p_e). Null without pairs, and where
 * both raters gave one label alone, so that chance agrees always.
 */
export function cohensKappa(pairs: readonly (readonly [string, string])[]): number | null {
  const n = pairs.length;
  if (n === 0) return null;
  const labels = new Set(pairs.flat());
  const share = (rater: 0 | 1, label: string): number =>
    pairs.filter((pair) => pair[rater] === label).length / n;
  const observed = pairs.filter(([a, b]) => a === b).length / n;
  const chance = [...labels].reduce((sum, label) => sum + share(0, label) * share(1, label), 0);
  return chance === 1 ? null : (observed - chance) / (1 - chance);
}
