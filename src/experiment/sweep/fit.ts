/** The steering curve as numbers: tables of problems × coefficients, lines, and the fit range. */
import { bootstrapSlope, type UnitTable } from '../../math/bootstrap.js';
import { fitLine, quadraticR2, rankCorrelation } from '../../math/fit.js';
import type { Random } from '../../math/random.js';
import { isTableMetric } from '../../text/editMetricTable.js';
import type { CaseOutcome, ShapedFit, SweepFit } from './shape.js';

/** −1 … 1 in steps of 0.125. */
export const defaultGrid: readonly number[] = Array.from({ length: 17 }, (_, i) => (i - 8) / 8);

/** The sibling paper's: −1 … 0.5 in steps of 0.25 (arXiv 2402.02416, Figure 4). */
export const papersGrid: readonly number[] = Array.from({ length: 7 }, (_, i) => i / 4 - 1);

/** Fewest neighbouring coefficients of a fit range. */
const leastPoints = 9;

/** Share of the whole response that a fit range has to cover. */
const leastCoverage = 0.6;

/** R² from which a range counts as straight. */
const straightEnough = 0.99;

/**
 * Sorted, without repeats.
 * @throws on an empty grid, on what is no number, and where 0 is missing.
 */
export function checkGrid(grid: readonly number[]): number[] {
  if (grid.length === 0) throw new Error('sweep: the grid is empty (expected coefficients)');
  const bad = grid.find((c) => !Number.isFinite(c));
  if (bad !== undefined) throw new Error(`sweep: the grid holds ${bad} (expected finite numbers)`);
  // −0 would be another key than 0.
  const sorted = [...new Set(grid.map((c) => c + 0))].sort((a, b) => a - b);
  if (!sorted.includes(0)) {
    throw new Error('sweep: the grid lacks 0, the baseline; add it');
  }
  if (sorted.length < 3) {
    throw new Error(`sweep: the grid has ${sorted.length} coefficients (expected at least 3)`);
  }
  return sorted;
}

/** By the metric's name: one of the table, or the sweep's own. */
function valueOf(outcome: CaseOutcome, metric: string): number | null {
  return isTableMetric(metric) ? outcome[metric] : (outcome.metric ?? null);
}

/** A metric of outcomes `[problems][coefficients]` as a table; what is null is NaN. */
export function metricTable(
  outcomes: readonly (readonly CaseOutcome[])[],
  value: string | ((outcome: CaseOutcome) => number | null),
): UnitTable {
  const read = typeof value === 'string' ? (o: CaseOutcome) => valueOf(o, value) : value;
  const columns = outcomes[0]?.length ?? 0;
  const values = new Float64Array(outcomes.length * columns).fill(NaN);
  outcomes.forEach((row, unit) => {
    row.forEach((outcome, c) => {
      values[unit * columns + c] = read(outcome) ?? NaN;
    });
  });
  return { values, units: outcomes.length, columns };
}

/** The columns of a table at some of its coefficients. */
export function takeColumns(table: UnitTable, columns: readonly number[]): UnitTable {
  const values = new Float64Array(table.units * columns.length);
  for (let unit = 0; unit < table.units; unit++) {
    columns.forEach((from, to) => {
      values[unit * columns.length + to] = table.values[unit * table.columns + from] ?? NaN;
    });
  }
  return { values, units: table.units, columns: columns.length };
}

/** Mean of each column over the problems that have a value there; null where none has. */
export function tableMeans(table: UnitTable): (number | null)[] {
  return Array.from({ length: table.columns }, (_, c) => {
    let sum = 0;
    let count = 0;
    for (let unit = 0; unit < table.units; unit++) {
      const value = table.values[unit * table.columns + c] ?? NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count > 0 ? sum / count : null;
  });
}

/** A line with its slope's interval over problems, and whether a line is the right shape. */
export function shapedFit(options: {
  table: UnitTable;
  coefficients: readonly number[];
  random: Random;
  resamples?: number;
}): ShapedFit {
  const { table, coefficients } = options;
  const means = tableMeans(table).map((mean) => mean ?? NaN);
  return {
    ...slopeFit(options),
    quadraticR2: quadraticR2(coefficients, means),
    rankCorrelation: rankCorrelation(coefficients, means),
  };
}

/** @throws where no problem has a value at a coefficient. */
export function slopeFit(options: {
  table: UnitTable;
  coefficients: readonly number[];
  random: Random;
  resamples?: number;
}): SweepFit {
  const { table, coefficients, random, resamples = 1000 } = options;
  const { slope, intercept, r2, ci } = bootstrapSlope({
    ...table,
    x: coefficients,
    random,
    resamples,
  });
  return { slope, intercept, r2, ci };
}

interface Candidate {
  range: [number, number];
  points: number;
  covered: number;
  r2: number;
}

/**
 * The fit range, from validation means. Runs of at least 9 neighbouring coefficients with 0 in them
 * that cover at least 60 % of the whole response are candidates (where none does, the one that
 * covers most). Of those as straight as R² 0.99 the longest is taken, else the straightest: a range
 * is not shortened for the third decimal. A response that does not vary keeps the whole grid.
 */
export function chooseFitRange(
  coefficients: readonly number[],
  means: readonly number[],
): [number, number] {
  const all = rangeCandidates(coefficients, means);
  const most = Math.max(...all.map(({ covered }) => covered));
  const enough = all.filter(({ covered }) => covered >= Math.min(leastCoverage, most));
  const straight = enough.filter(({ r2 }) => r2 >= straightEnough);
  const better = (a: Candidate, b: Candidate): boolean =>
    straight.length > 0
      ? b.points > a.points || (b.points === a.points && b.r2 > a.r2)
      : b.r2 > a.r2 || (b.r2 === a.r2 && b.points > a.points);
  const [first, ...rest] = straight.length > 0 ? straight : enough;
  if (!first) throw new Error('sweep: the grid has no range around 0');
  return rest.reduce((a, b) => (better(a, b) ? b : a), first).range;
}

function rangeCandidates(coefficients: readonly number[], means: readonly number[]): Candidate[] {
  const whole = Math.max(...means) - Math.min(...means);
  const zero = coefficients.indexOf(0);
  const least = Math.min(leastPoints, coefficients.length);
  const candidates: Candidate[] = [];
  for (let first = 0; first <= zero; first++) {
    for (let last = Math.max(zero, first + least - 1); last < coefficients.length; last++) {
      const x = coefficients.slice(first, last + 1);
      const y = means.slice(first, last + 1);
      candidates.push({
        range: [x[0] ?? NaN, x[x.length - 1] ?? NaN],
        points: x.length,
        covered: whole > 0 ? (Math.max(...y) - Math.min(...y)) / whole : 1,
        r2: fitLine(x, y).r2 ?? 0,
      });
    }
  }
  return candidates;
}

/** Indices of the coefficients within a range, ends included. */
export function within(coefficients: readonly number[], [low, high]: [number, number]): number[] {
  return coefficients.flatMap((c, i) => (c >= low && c <= high ? [i] : []));
}

/**
 * `count` coefficients spread evenly over a range of the grid, both ends and 0 among them.
 */
export function spreadOver(
  coefficients: readonly number[],
  range: [number, number],
  count: number,
): number[] {
  const inside = within(coefficients, range).map((i) => coefficients[i] ?? 0);
  const wanted = Math.min(count, inside.length);
  const picked = Array.from({ length: wanted }, (_, i) => {
    const at = wanted > 1 ? Math.round((i * (inside.length - 1)) / (wanted - 1)) : 0;
    return inside[at] ?? 0;
  });
  if (!picked.includes(0)) {
    // The inner point nearest to 0 gives way; the ends stay where there are inner points.
    const inner = picked.slice(1, -1).sort((a, b) => Math.abs(a) - Math.abs(b))[0];
    const replaced = inner ?? picked[0];
    picked.splice(picked.indexOf(replaced ?? 0), 1, 0);
  }
  return picked.sort((a, b) => a - b);
}
