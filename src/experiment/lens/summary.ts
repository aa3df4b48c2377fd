/** From the records of a logit lens to `lens.json`: pure, so that a resumed run ends the same. */
import { bootstrapInterval, bootstrapMeans } from '../../math/bootstrap.js';
import { bootstrapEffect, type Effect } from '../../math/effect.js';
import { createRandom, type Random } from '../../math/random.js';
import { mean, median } from '../../math/summary.js';
import type { Behaviour } from '../../read/stimuli.js';
import { countNotes, noteWarnings } from '../../text/notes.js';
import { showsDecision } from '../causal/cases.js';
import { tableOf } from '../causal/effects.js';
import type { LensCase, LensPoint, LensReading, LensSummary, Settling } from './shape.js';

const resamples = 1000;
const labels = ['correct', 'copy'] as const;

export function summariseLens(options: {
  model: string;
  seed: number;
  layers: number;
  cases: readonly LensCase[];
  readings: readonly LensReading[];
  /** What is known beforehand. */
  warnings?: readonly string[];
}): LensSummary {
  const { model, seed, layers, readings, warnings = [] } = options;
  const cases = options.cases.filter(({ finish }) => finish === undefined);
  const random = createRandom(seed).fork('lens bootstrap');
  const notes = countNotes(cases);
  const labelled = (label: Behaviour): LensReading[] => readings.filter((r) => r.label === label);
  const perLabel = <T>(make: (some: LensReading[], random: Random) => T): Record<Behaviour, T> => ({
    correct: make(labelled('correct'), random.fork('correct')),
    copy: make(labelled('copy'), random.fork('copy')),
  });
  const points = perLabel((some, fork) =>
    Array.from({ length: layers }, (_, layer) => pointOf(some, layer, fork.fork(`${layer}`))),
  );
  return {
    ...{ model, seed, layers },
    perLayer: points.correct.flatMap((correct, layer) => {
      const copy = points.copy[layer];
      return copy ? [{ layer, correct, copy }] : [];
    }),
    settling: perLabel((some, fork) => settlingOf(some, layers, fork.fork('settling'))),
    data: {
      copy: cases.filter(({ label }) => label === 'copy').length,
      correct: cases.filter(({ label }) => label === 'correct').length,
      lateCorrections: cases.filter((c) => c.label === 'correct' && !showsDecision(c)).length,
      notes,
    },
    warnings: [
      ...warnings,
      ...labels
        .filter((label) => labelled(label).length < 2)
        .map((label) => `lens: ${labelled(label).length} ${label} cases; give more problems`),
      ...noteWarnings(notes, cases.length),
    ],
  };
}

const nothing: LensPoint = {
  settled: { mean: null, ci: null },
  probability: { mean: null, ci: null },
  logOdds: { mean: null, ci: null },
  medianRank: null,
};

function pointOf(readings: readonly LensReading[], layer: number, random: Random): LensPoint {
  const at = readings.flatMap(({ layers }) => layers[layer] ?? []);
  if (at.length === 0) return nothing;
  const table = tableOf(
    at,
    3,
    (l, column) => [Number(l.settled), l.probability, l.logOdds][column] ?? null,
  );
  const means = bootstrapMeans({ ...table, random, resamples }).map((column) => ({
    mean: column.mean,
    ci: column.ci,
  }));
  const [settled, probability, logOdds] = means;
  if (!settled || !probability || !logOdds) return nothing;
  return { settled, probability, logOdds, medianRank: median(at.map(({ rank }) => rank)) };
}

/** The first layer from which on the lens' top token is the model's own at every layer. */
export function settlingLayer({ layers }: LensReading): number {
  return layers.findLastIndex(({ settled }) => !settled) + 1;
}

function settlingOf(readings: readonly LensReading[], layers: number, random: Random): Settling {
  const at = readings.map(settlingLayer);
  const bootstrap = (statistic: (values: number[]) => number, name: string) =>
    bootstrapInterval({
      units: at.length,
      random: random.fork(name),
      resamples,
      statistic: (drawn) => statistic(Array.from(drawn, (i) => at[i] ?? 0)),
    });
  return {
    n: at.length,
    median: at.length > 0 ? median(at) : null,
    medianCi: bootstrap(median, 'median'),
    mean: at.length > 0 ? mean(at) : null,
    meanCi: bootstrap(mean, 'mean'),
    counts: Array.from({ length: layers }, (_, layer) => at.filter((l) => l === layer).length),
  };
}

/** Mean settling layer of corrections minus that of copies, in layers. */
export function settlingEffect(options: {
  readings: readonly LensReading[];
  random: Random;
}): Effect {
  const { readings, random } = options;
  // In a fixed order: a resumed run finds its records in another.
  const sorted = [...readings].sort((a, b) => (a.problem < b.problem ? -1 : 1));
  const at = sorted.map((reading) => ({ label: reading.label, layer: settlingLayer(reading) }));
  return bootstrapEffect({
    units: at.length,
    random,
    statistic: (drawn) => {
      const layersOf = (label: Behaviour): number[] =>
        Array.from(drawn).flatMap((i) => (at[i]?.label === label ? (at[i]?.layer ?? []) : []));
      const [correct, copy] = [layersOf('correct'), layersOf('copy')];
      return correct.length > 0 && copy.length > 0 ? mean(correct) - mean(copy) : null;
    },
  });
}
