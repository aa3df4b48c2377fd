/**
 * What a causal test says of the paper's findings, each as one effect on test data. Whatever had to
 * be chosen was chosen on validation data.
 */
import { columnMeansOver, type UnitTable } from '../../math/bootstrap.js';
import { bootstrapEffect, type Effect } from '../../math/effect.js';
import { rankCorrelation } from '../../math/fit.js';
import type { Random } from '../../math/random.js';
import { controlSlopes } from './controls.js';
import { boundaryTable, heldOf, measureTable, patchesOf, tableOf } from './effects.js';
import { gains, leastGain } from './roles.js';
import type { CausalRecord, CausalSummary, Measure } from './shape.js';

/** A finished causal test. */
export interface CausalRun {
  records: readonly CausalRecord[];
  summary: CausalSummary;
}

const nothing: Effect = { n: 0, estimate: null, ci: null, p: null };

/** In a fixed order: a resumed run finds its records in another. */
function givenOf({ records, summary }: CausalRun) {
  const sorted = [...records].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return {
    records: sorted,
    layers: summary.layers,
    coefficients: summary.steering.coefficients.filter((c) => c !== 0),
    controlled: summary.controls?.coefficients ?? [],
  };
}

function orderOf(record: CausalRecord): string {
  const about = record.kind === 'patch' ? [record.setting, record.recipient] : [record.problem];
  return JSON.stringify([record.kind, record.split, ...about]);
}

/** A statistic of the column means of a table, over its units. */
function effectOf(
  table: UnitTable,
  random: Random,
  statistic: (means: number[]) => number | null,
): Effect {
  return bootstrapEffect({
    units: table.units,
    random,
    statistic: (drawn) => {
      const value = statistic([...columnMeansOver(table, drawn)]);
      return value === null || Number.isNaN(value) ? null : value;
    },
  });
}

/**
 * Where on average something arrives at the boundary token: the mean of the layers, weighted by
 * what each adds to what is held.
 */
function meanDepth(held: readonly number[], layers: readonly number[]): number {
  const added = gains(held);
  const total = held.at(-1) ?? NaN;
  return layers.reduce((sum, layer, i) => sum + (layer * (added[i] ?? NaN)) / total, 0);
}

/**
 * How early it is decided, in layers: the middle of the tested layers minus the mean depth at which
 * the decision arrives at the boundary token (exchanged both ways, the weaker one counts). Above 0
 * the larger part of the decision is made in the first half, and later layers carry it out.
 */
export function earlyDecision(run: CausalRun, random: Random): Effect {
  const { layers } = run.summary;
  const middle = ((layers[0] ?? NaN) + (layers.at(-1) ?? NaN)) / 2;
  return effectOf(
    boundaryTable(givenOf(run), 'test'),
    random,
    (means) => middle - meanDepth(heldOf(means), layers),
  );
}

/**
 * Decide, then carry out, in layers: the mean depth at which the *word* arrives at the boundary token
 * (exchanged between two copies, which differ in how y1 begins and in no decision) minus that of the
 * decision. Pairs of either kind are drawn together, the longer list is cut.
 */
export function decideBeforeWord(run: CausalRun, random: Random): Effect {
  const given = givenOf(run);
  const { layers } = run.summary;
  const decision = boundaryTable(given, 'test');
  const words = patchesOf(given, 'test', 'copyIntoCopy');
  const units = Math.min(decision.units, words.length);
  const rows = Array.from({ length: units }, (_, row) => row);
  const table = tableOf(rows, decision.columns + layers.length, (row, c) =>
    c < decision.columns
      ? (decision.values[row * decision.columns + c] ?? null)
      : (words[row]?.outcomes[c - decision.columns]?.at(-1)?.effect ?? null),
  );
  return effectOf(table, random, (means) => {
    const word = means.slice(decision.columns);
    const held = heldOf(means.slice(0, decision.columns));
    return meanDepth(word, layers) - meanDepth(held, layers);
  });
}

/** Spearman's over layers: |mean| of the measure against the scan's accuracies, which are held. */
export function scanAgreement(run: CausalRun, measure: Measure, random: Random): Effect {
  const accuracy = run.summary.scan.map(({ heldOutAccuracy }) => heldOutAccuracy);
  return effectOf(measureTable(givenOf(run), measure, 'test'), random, (means) => {
    const effects = measure === 'patching' ? gains(heldOf(means)) : means;
    if (effects.length < 2 || !accuracy.every((value) => value !== null)) return null;
    return rankCorrelation(accuracy, effects.map(Math.abs));
  });
}

/**
 * The tested slope minus the largest |slope| of the random directions, at the layer whose steering
 * did most on validation problems. Directions are held, problems drawn.
 */
export function overRandomDirections(run: CausalRun, random: Random): Effect {
  const { evidence, layers } = run.summary;
  const largest = evidence.find(({ measure }) => measure === 'steering')?.largest;
  const table = controlSlopes(givenOf(run))?.[layers.indexOf(largest ?? NaN)];
  if (!table) return nothing;
  return effectOf(
    table,
    random,
    ([tested = NaN, ...others]) => tested - Math.max(...others.map(Math.abs)),
  );
}

/**
 * In how many more layers one model decides than another, as shares of their tested layers: a layer
 * takes part where it adds at least {@link leastGain} to what the boundary token holds. Pairs of
 * either model are drawn from both together.
 */
export function moreLayersDecide(run: CausalRun, other: CausalRun, random: Random): Effect {
  const tables = [run, other].map((each) => boundaryTable(givenOf(each), 'test'));
  const [own, its] = tables;
  if (!own || !its || own.units === 0 || its.units === 0) return nothing;
  const share = (table: UnitTable, drawn: Uint32Array): number | null => {
    if (drawn.length === 0) return null;
    const added = gains(heldOf([...columnMeansOver(table, drawn)]));
    return added.filter((gain) => gain >= leastGain).length / added.length;
  };
  return bootstrapEffect({
    units: own.units + its.units,
    random,
    statistic: (drawn) => {
      const a = share(
        own,
        drawn.filter((unit) => unit < own.units),
      );
      const second = drawn.filter((unit) => unit >= own.units).map((unit) => unit - own.units);
      const b = share(its, second);
      return a === null || b === null ? null : a - b;
    },
  });
}
