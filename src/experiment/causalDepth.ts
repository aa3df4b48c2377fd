/**
 * Where in a model the decision is made, as single numbers over pairs of runs: from what exchanging
 * the boundary token's hidden state moves, layer by layer (see causalRoles.ts).
 */
import { columnMeansOver, type UnitTable } from '../math/bootstrap.js';
import { bootstrapEffect, type Effect } from '../math/effect.js';
import { rankCorrelation } from '../math/fit.js';
import type { Random } from '../math/random.js';
import { boundaryTable, heldOf } from './causalSummary.js';
import { gains, rolesOf } from './causalRoles.js';
import type { CausalRecord, CausalSummary } from './causalTypes.js';

/** One model's causal test. */
export interface CausalResult {
  summary: Pick<CausalSummary, 'layers' | 'scan'>;
  records: readonly CausalRecord[];
}

/** A number about the layers, from what each of them holds. */
type OfHeld = (held: readonly number[], layers: readonly number[]) => number | null;

/** Over the test pairs; no value where there are none. */
function overPairs(
  result: CausalResult,
  random: Random,
  value: OfHeld,
  nullValue: number,
): Effect | null {
  const table = pairTable(result);
  if (table.units === 0) return null;
  const { layers } = result.summary;
  return bootstrapEffect({
    units: table.units,
    random,
    nullValue,
    statistic: (drawn) => value(heldOver(table, drawn), layers),
  });
}

function pairTable({ summary, records }: CausalResult): UnitTable {
  // In a fixed order: a resumed run finds its records in another.
  const sorted = records
    .filter((record) => record.kind === 'patch')
    .sort((a, b) => (a.recipient < b.recipient ? -1 : 1));
  return boundaryTable({ layers: summary.layers, records: sorted }, 'test');
}

function heldOver(table: UnitTable, drawn: Uint32Array): number[] {
  return heldOf([...columnMeansOver(table, drawn)]);
}

/** The rises of what layers hold, as shares that sum to 1; null where nothing rises. */
function rises(held: readonly number[]): number[] | null {
  const up = gains(held).map((gain) => Math.max(0, gain));
  const sum = up.reduce((total, gain) => total + gain, 0);
  return sum > 0 ? up.map((gain) => gain / sum) : null;
}

/** Mean layer of the decision, each layer by how much more it holds than the one before. */
export const decisionDepth: OfHeld = (held, layers) =>
  rises(held)?.reduce((sum, share, i) => sum + share * (layers[i] ?? 0), 0) ?? null;

/**
 * How many layers take part in the decision: 1 / Σ share² of the rises (the participation ratio), so
 * 1 where one layer decides alone and n where n layers do so alike.
 */
export const decisionWidth: OfHeld = (held) => {
  const shares = rises(held);
  return shares && 1 / shares.reduce((sum, share) => sum + share * share, 0);
};

/** Layers after the last one that decides, by the rule; null where none decides. */
export const layersAfterDecision: OfHeld = (held) => {
  const last = rolesOf(held).lastIndexOf('decides');
  return last < 0 ? null : held.length - 1 - last;
};

/** By how many layers the decision lies before the middle of the model; below 0: after it. */
export function earlyDecision(result: CausalResult, random: Random): Effect | null {
  const early: OfHeld = (held, layers) => {
    const depth = decisionDepth(held, layers);
    return depth === null ? null : ((layers[0] ?? 0) + (layers.at(-1) ?? 0)) / 2 - depth;
  };
  return overPairs(result, random, early, 0);
}

/** {@link layersAfterDecision}, which carry it out. */
export function carryingOut(result: CausalResult, random: Random): Effect | null {
  return overPairs(result, random, layersAfterDecision, 0);
}

/** {@link decisionWidth} of one model minus that of another; each keeps its own pairs. */
export function widerDecision(
  result: CausalResult,
  other: CausalResult,
  random: Random,
): Effect | null {
  const [own, rival] = [pairTable(result), pairTable(other)];
  if (own.units === 0 || rival.units === 0) return null;
  return bootstrapEffect({
    units: own.units + rival.units,
    random,
    statistic: (drawn) => {
      const mine = drawn.filter((unit) => unit < own.units);
      const theirs = drawn.filter((unit) => unit >= own.units).map((unit) => unit - own.units);
      if (mine.length === 0 || theirs.length === 0) return null;
      const a = decisionWidth(heldOver(own, mine), result.summary.layers);
      const b = decisionWidth(heldOver(rival, theirs), other.summary.layers);
      return a === null || b === null ? null : a - b;
    },
  });
}

/** Rank correlation, over layers, of what each adds to the decision with the scan's accuracy. */
export function scanAgreesWithPatching(result: CausalResult, random: Random): Effect | null {
  const accuracy = result.summary.scan.map(({ heldOutAccuracy }) => heldOutAccuracy);
  return overPairs(
    result,
    random,
    (held) => (held.length < 2 ? null : rankCorrelation(accuracy, gains(held).map(Math.abs))),
    0,
  );
}
