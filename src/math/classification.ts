/** How well one number per case tells two classes apart. A case is positive where its label is true. */

export interface ScoredCases {
  /** `[N]`, finite. */
  scores: ArrayLike<number>;
  /** `[N]` */
  labels: readonly boolean[];
}

/**
 * Area under the ROC curve: the chance that a positive case scores above a negative one, ties
 * counting half (Mann–Whitney). Null where a class is absent.
 */
export function auc(cases: ScoredCases): number | null {
  return repeatedAuc(cases)(cases.labels.map(() => 1));
}

/**
 * The {@link auc} of cases of which each stands so many times, as in a resample: the cases are ordered
 * once for all of them.
 * @returns from `[N]`, how many times each case stands
 */
export function repeatedAuc(cases: ScoredCases): (times: ArrayLike<number>) => number | null {
  checkCases(cases);
  const { scores, labels } = cases;
  const order = Uint32Array.from(labels.keys());
  order.sort((i, j) => (scores[i] ?? 0) - (scores[j] ?? 0));
  return (times) => {
    let [positives, negatives, ranks] = [0, 0, 0];
    for (let start = 0; start < order.length;) {
      const score = scores[order[start] ?? 0];
      let [tiedPositives, tiedNegatives] = [0, 0];
      let end = start;
      for (; end < order.length && scores[order[end] ?? 0] === score; end++) {
        const i = order[end] ?? 0;
        if (labels[i]) tiedPositives += times[i] ?? 0;
        else tiedNegatives += times[i] ?? 0;
      }
      // Tied cases have the mean of their ranks.
      const below = positives + negatives;
      ranks += tiedPositives * (below + (tiedPositives + tiedNegatives + 1) / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      start = end;
    }
    if (positives === 0 || negatives === 0) return null;
    return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
  };
}

/** Number of cases on their side: positive strictly above the threshold, negative at or below. */
export function correctAt(cases: ScoredCases & { threshold: number }): number {
  checkCases(cases);
  const { scores, labels, threshold } = cases;
  return labels.filter((label, i) => (scores[i] ?? 0) > threshold === label).length;
}

/** Share of cases on their side of the threshold; see {@link correctAt}. @throws on no cases. */
export function accuracyAt(cases: ScoredCases & { threshold: number }): number {
  if (cases.labels.length === 0) throw new Error('accuracy: no cases');
  return correctAt(cases) / cases.labels.length;
}

/**
 * The threshold of highest *balanced* accuracy (mean over the two classes), half-way between the
 * neighbouring scores; among equally good gaps the widest. Positives lie above it.
 * @throws where a class is absent.
 */
export function bestThreshold(cases: ScoredCases): number {
  checkCases(cases);
  const { scores, labels } = cases;
  const positives = labels.filter((label) => label).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) {
    throw new Error('threshold: all labels are the same (expected both classes)');
  }
  const order = labels.map((label, i) => ({ score: scores[i] ?? 0, label }));
  order.sort((a, b) => a.score - b.score);
  const lowest = order[0]?.score ?? 0;
  let best = { balanced: 0.5, gap: 0, threshold: lowest - 1 };
  let positivesAbove = positives;
  let negativesBelow = 0;
  order.forEach(({ score, label }, i) => {
    if (label) positivesAbove--;
    else negativesBelow++;
    const next = order[i + 1]?.score;
    if (next === undefined || next === score) return;
    const balanced = (positivesAbove / positives + negativesBelow / negatives) / 2;
    const gap = next - score;
    const better = balanced > best.balanced + 1e-12;
    const equal = Math.abs(balanced - best.balanced) <= 1e-12;
    if (better || (equal && gap > best.gap)) {
      best = { balanced, gap, threshold: score + gap / 2 };
    }
  });
  return best.threshold;
}

function checkCases({ scores, labels }: ScoredCases): void {
  if (scores.length !== labels.length) {
    throw new Error(`classification: ${scores.length} scores have ${labels.length} labels`);
  }
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new Error(`classification: score ${i} is ${scores[i]} (expected a finite number)`);
    }
  }
}
