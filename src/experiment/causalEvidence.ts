/** A layer's effect by one measure, beside how well that layer tells the classes in the scan. */
import { bootstrapInterval, bootstrapMeans, type UnitTable } from '../math/bootstrap.js';
import { rankCorrelation } from '../math/fit.js';
import type { Random } from '../math/random.js';
import type { Evidence, Measure } from './causalTypes.js';
import { tableMeans } from './sweepFit.js';

export interface EvidenceOptions {
  measure: Measure;
  /** What is measured, in words. */
  what: string;
  layers: readonly number[];
  /** Problems, or pairs × layers. */
  validation: UnitTable;
  test: UnitTable;
  /** Held-out accuracy, in the order of the layers. */
  accuracy: readonly number[];
  random: Random;
}

const resamples = 1000;

/**
 * The layer of largest effect is chosen on validation data; how far it leads, and how the effects
 * rank beside the accuracies, is told on test data.
 */
export function weighEvidence(options: EvidenceOptions): Evidence {
  const { measure, what, layers, test, accuracy } = options;
  const random = options.random.fork(measure);
  const chosen = largest(sizes(options.validation));
  const lead = (effects: readonly number[]): number | null =>
    effects.length < 2
      ? null
      : (effects[chosen] ?? 0) - Math.max(...effects.filter((_, i) => i !== chosen));
  const correlation = (effects: readonly number[]): number | null =>
    effects.length < 2 ? null : rankCorrelation(accuracy, effects);
  const interval = (statistic: (effects: readonly number[]) => number | null, name: string) =>
    bootstrapInterval({
      units: test.units,
      random: random.fork(name),
      resamples,
      statistic: (drawn) => statistic(sizes(draw(test, drawn))),
    });
  const means = bootstrapMeans({ ...test, random: random.fork('means'), resamples });
  return {
    ...{ measure, what, n: test.units },
    perLayer: layers.map((layer, i) => ({
      layer,
      mean: means[i]?.mean ?? null,
      ci: means[i]?.ci ?? null,
    })),
    largest: layers[chosen] ?? 0,
    lead: lead(sizes(test)),
    leadCi: interval(lead, 'lead'),
    rankCorrelation: correlation(sizes(test)),
    rankCorrelationCi: interval(correlation, 'rank correlation'),
    largestIsBest: chosen === largest(accuracy),
  };
}

/** Index of the largest value, the first of equals. */
export function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** |mean| of every column; 0 where no unit has a value. */
function sizes(table: UnitTable): number[] {
  return tableMeans(table).map((mean) => Math.abs(mean ?? 0));
}

/** The drawn units' rows. */
function draw({ values, columns }: UnitTable, drawn: Uint32Array): UnitTable {
  const taken = new Float64Array(drawn.length * columns);
  drawn.forEach((unit, row) => {
    taken.set(values.subarray(unit * columns, (unit + 1) * columns), row * columns);
  });
  return { values: taken, units: drawn.length, columns };
}
