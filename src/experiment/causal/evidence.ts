/** A layer's effect by one measure, beside how well that layer tells the classes in the scan. */
import { bootstrapInterval, type UnitTable } from '../../math/bootstrap.js';
import { rankCorrelation } from '../../math/fit.js';
import type { Interval } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import type { Evidence, Measure } from './shape.js';
import { tableMeans } from '../sweep/fit.js';

export interface EvidenceOptions {
  measure: Measure;
  /** What is measured, in words. */
  what: string;
  layers: readonly number[];
  /** Problems, or pairs × columns. */
  validation: UnitTable;
  test: UnitTable;
  /** From the means of the columns to one effect per layer. Default: they are the effects. */
  effects?: (means: readonly number[]) => number[];
  /** Held-out accuracy, in the order of the layers; null where it is not known. */
  accuracy: readonly number[] | null;
  random: Random;
}

type Statistic = (effects: readonly number[]) => number | null;

const resamples = 1000;

/**
 * The layer of largest effect is chosen on validation data; how far it leads, and how the effects
 * rank beside the accuracies, is told on test data.
 */
export function weighEvidence(options: EvidenceOptions): Evidence {
  const { measure, what, layers, test, accuracy, effects = (means) => [...means] } = options;
  const random = options.random.fork(measure);
  const effectsOf = (table: UnitTable): number[] =>
    effects(tableMeans(table).map((mean) => mean ?? NaN));
  const interval = (statistic: Statistic, name: string): Interval | null =>
    bootstrapInterval({
      units: test.units,
      random: random.fork(name),
      resamples,
      statistic: (drawn) => statistic(effectsOf(draw(test, drawn))),
    });
  const chosen = largest(sizes(effectsOf(options.validation)));
  const lead: Statistic = (values) => leadOf(sizes(values), chosen);
  const rank: Statistic = (values) =>
    values.length < 2 || !accuracy ? null : rankCorrelation(accuracy, sizes(values));
  const tested = effectsOf(test);
  return {
    ...{ measure, what, n: test.units },
    perLayer: layers.map((layer, i) => ({
      layer,
      mean: tested[i] ?? null,
      ci: interval((values) => values[i] ?? null, `layer ${layer}`),
    })),
    largest: layers[chosen] ?? 0,
    lead: lead(tested),
    leadCi: interval(lead, 'lead'),
    rankCorrelation: rank(tested),
    rankCorrelationCi: interval(rank, 'rank correlation'),
    largestIsBest: accuracy && chosen === largest(accuracy),
  };
}

/** Of one value over the largest of the others; null where there is no other. */
function leadOf(values: readonly number[], chosen: number): number | null {
  if (values.length < 2) return null;
  return (values[chosen] ?? 0) - Math.max(...values.filter((_, i) => i !== chosen));
}

/** Index of the largest value, the first of equals. */
export function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

function sizes(effects: readonly number[]): number[] {
  return effects.map(Math.abs);
}

/** The drawn units' rows. */
function draw({ values, columns }: UnitTable, drawn: Uint32Array): UnitTable {
  const taken = new Float64Array(drawn.length * columns);
  drawn.forEach((unit, row) => {
    taken.set(values.subarray(unit * columns, (unit + 1) * columns), row * columns);
  });
  return { values: taken, units: drawn.length, columns };
}
