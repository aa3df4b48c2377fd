/**
 * Findings of the paper as rules that were written before any run: what is measured, the value it
 * must exceed, and from the effect measured the verdict.
 */
import { holm, type Effect } from '../math/effect.js';
import { firstTwice } from '../text/firstTwice.js';

export const findingUnits = [
  'points',
  'ratio',
  'slope',
  'R²',
  'correlation',
  'layers',
  'edit ratio',
  'characters',
] as const;

/** What a finding claims, and how it is judged. */
export interface FindingRule {
  /** Unique, e.g. `rounds-m`. */
  id: string;
  /** Of the paper, e.g. `Figure 3`; or `text`. */
  source: string;
  /** One sentence: what the paper found, with its numbers. */
  claim: string;
  /** What is measured here, in words, with its unit; the claim says that it exceeds the threshold. */
  measure: string;
  unit: (typeof findingUnits)[number];
  /** The null value of the test. */
  threshold: number;
}

/**
 * `holds`: above the threshold, at 5 % after Holm's correction over all findings of the report;
 * `opposite`: below it, likewise; `undecided`: neither. `tooFew`: so few were measured that no number
 * could have had a verdict. `untestable`: no effect could be measured.
 */
export const verdicts = ['holds', 'opposite', 'undecided', 'tooFew', 'untestable'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Finding extends FindingRule, Effect {
  /** Holm's. */
  adjustedP: number | null;
  verdict: Verdict;
  /** What a reader must know beside the number, or why it cannot be tested here. */
  note: string | null;
  /** Paths in the run folder whose records the number is made of. */
  records: string[];
}

export const level = 0.05;

/** A rule with what was measured for it. */
export interface Measured {
  rule: FindingRule;
  effect: Effect | null;
  /** Whether it was of too few for any verdict; then it has no p. */
  tooFew?: boolean;
  note?: string;
  records?: readonly string[];
}

/** Verdicts, corrected over all of them; in the order given. @throws on an id that occurs twice. */
export function judgeFindings(measured: readonly Measured[]): Finding[] {
  const twice = firstTwice(measured.map(({ rule }) => rule.id));
  if (twice !== undefined)
    throw new Error(`findings: ${twice} is there twice (expected unique ids)`);
  const adjusted = holm(measured.map(({ effect }) => effect?.p ?? null));
  return measured.map(({ rule, effect, tooFew = false, note, records }, i) => {
    const adjustedP = adjusted[i] ?? null;
    return {
      ...rule,
      ...effectOf(effect),
      adjustedP,
      verdict: tooFew ? 'tooFew' : verdictOf(rule, effect?.estimate ?? null, adjustedP),
      note: note ?? null,
      records: [...(records ?? [])],
    };
  });
}

/** The effect and nothing else: what was measured may know more, e.g. of which systems. */
function effectOf(effect: Effect | null): Effect {
  if (effect === null) return { n: 0, estimate: null, ci: null, p: null };
  const { n, estimate, ci, p } = effect;
  return { n, estimate, ci, p };
}

function verdictOf(
  { threshold }: FindingRule,
  estimate: number | null,
  adjustedP: number | null,
): Verdict {
  if (estimate === null) return 'untestable';
  if (adjustedP === null || adjustedP > level) return 'undecided';
  return estimate > threshold ? 'holds' : 'opposite';
}
