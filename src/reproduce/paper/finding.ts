/** How a finding of the paper is written down: its rule, and how its number comes from the records. */
import type { Effect } from '../../math/effect.js';
import type { Random } from '../../math/random.js';
import type { FindingRule } from '../findings.js';
import type { Results } from '../results.js';

/** Where a finding stands in the report. */
export const sections = [
  'rounds',
  'scores',
  'modes',
  'time',
  'systems',
  'latency',
  'steering',
  'scan',
  'causal',
  'lens',
  'elsewhere',
] as const;
export type Section = (typeof sections)[number];

export interface PaperFinding {
  rule: FindingRule;
  section: Section;
  /** Which model it is about, e.g. `corrector m`; empty where it is about none alone. */
  about: string;
  /** The parts whose records the number is made of; empty where it cannot be tested here. */
  parts: readonly string[];
  /** Null where the parts are there and the number has no value all the same. */
  measure: (results: Results, random: Random) => Effect | null;
  /** What a reader must know beside the number; or why it cannot be tested here. */
  note?: string;
  /** The same, of what was measured; undefined where there is nothing. */
  remark?: (results: Results) => string | undefined;
}

/** `corrector m`; a name that says so itself stays as it is. */
export function correctorText(label: string): string {
  return label.includes('corrector') ? label : `corrector ${label}`;
}

/** Fractions as percentage points. */
export function inPoints(effect: Effect | null | undefined): Effect | null {
  return effect ? mapped(effect, (value) => 100 * value) : null;
}

/** 1 − a ratio that was tested against 1, so that less is more. */
export function saving(effect: Effect | null | undefined): Effect | null {
  return effect ? mapped(effect, (value) => 1 - value) : null;
}

/** An effect in another unit; the map must be monotonic, so that p stays what it is. */
function mapped(effect: Effect, map: (value: number) => number): Effect {
  const [low, high] = effect.ci?.map(map).sort((a, b) => a - b) ?? [];
  return {
    ...effect,
    estimate: effect.estimate === null ? null : map(effect.estimate),
    ci: low === undefined || high === undefined ? null : [low, high],
  };
}
