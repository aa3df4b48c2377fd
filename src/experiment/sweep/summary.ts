/** From a sweep's records to `sweep.json`: pure, so that a resumed sweep ends in the same numbers. */
import type { Quality } from '../../data/types.js';
import { bootstrapMeans, type ColumnMean, type UnitTable } from '../../math/bootstrap.js';
import type { PositionRule } from '../../runtime/steering.js';
import { createRandom, type Random } from '../../math/random.js';
import { median } from '../../math/summary.js';
import type { Sentence } from '../shared/revisions.js';
import type { ControlDirection } from '../shared/steeringControls.js';
import { unitText } from '../shared/steeringUnit.js';
import {
  metricTable,
  papersGrid,
  shapedFit,
  slopeFit,
  spreadOver,
  tableMeans,
  takeColumns,
  within,
} from './fit.js';
import { degenerateRule } from './measure.js';
import { degenerateLimit } from './planUnits.js';
import type {
  CaseOutcome,
  CaseRecord,
  ControlComparison,
  ControlFit,
  DirectionName,
  PlanRecord,
  ShapedFit,
  SweepFit,
  SweepMode,
  SweepPoint,
  SweepSummary,
} from './shape.js';
import { goesWithLabels, type OwnEditMetric } from '../../text/editMetricTable.js';
import type { SweepProblem } from './problems.js';
import { noteWarnings, sumNotes, wordlessWarnings } from '../../text/notes.js';

export interface SummaryOptions {
  model: string;
  mode: SweepMode;
  positions: PositionRule;
  method: string;
  metric: OwnEditMetric;
  /** Words in a run that must not occur twice. */
  repeat?: number;
  seed: number;
  grid: readonly number[];
  plan: PlanRecord;
  problems: readonly SweepProblem[];
  /** Problems and coefficients of the controls, and how many directions of either kind. */
  controls: {
    problems: readonly SweepProblem[];
    coefficients: readonly number[];
    random: readonly Pick<ControlDirection, 'seed' | 'cosine'>[];
    shuffled: readonly Pick<ControlDirection, 'seed' | 'cosine'>[];
  };
  /** Case records by {@link caseKey}. */
  cases: ReadonlyMap<string, CaseRecord>;
  /** What is known beforehand. */
  warnings?: readonly string[];
}

/** What makes a case unique in a sweep. */
export function caseKey(place: {
  direction: DirectionName;
  coefficient: number;
  problem: string;
}): string {
  return JSON.stringify([place.direction, place.coefficient, place.problem]);
}

/** Which coefficients the controls run at: five over the fit range, 0 among them. */
export function controlCoefficients(
  grid: readonly number[],
  plan: PlanRecord,
  count = 5,
): number[] {
  return spreadOver(grid, plan.fitRange, count);
}

/** @throws where a case is missing. */
export function summariseSweep(options: SummaryOptions): SweepSummary {
  const { grid, plan, metric } = options;
  const random = createRandom(options.seed).fork('sweep bootstrap');
  const outcomes = collect(options, 'tested', options.problems, grid);
  const table = metricTable(outcomes, metric.name);
  const over = (columns: readonly number[], name: string): ShapedFit =>
    shapedFit({
      table: takeColumns(table, columns),
      coefficients: columns.map((i) => grid[i] ?? NaN),
      random: random.fork(name),
    });
  const fitted = over(within(grid, plan.fitRange), 'fit range');
  const { slope, intercept, r2, ci, quadraticR2, rankCorrelation } = fitted;
  const controls = {
    random: controlFits(options, 'random', random),
    shuffled: controlFits(options, 'shuffled', random),
  };
  const points = toPoints(outcomes, { table, grid, random });
  const papers = papersGrid.flatMap((c) => points[grid.indexOf(c)] ?? []);
  const comparison = compare(options, controls.random, random);
  const { mode, positions, method, seed } = options;
  const all = outcomes.flat();
  const notes = sumNotes(all.map((outcome) => outcome.notes));
  const rounds = all.reduce((sum, outcome) => sum + outcome.rounds, 0);
  return {
    model: options.model,
    mode,
    positions,
    method,
    metric: metric.name,
    unit: unitText,
    unitValue: plan.unitValue,
    layers: plan.layers,
    seed,
    fitRange: plan.fitRange,
    baseline: points[grid.indexOf(0)]?.mean ?? null,
    points,
    fit: { slope, intercept, r2, ci },
    rankCorrelation,
    quadraticR2,
    wholeGrid: over([...grid.keys()], 'whole grid'),
    paperGrid: papers.length === papersGrid.length ? papers : [],
    controls,
    ...(comparison && { comparison }),
    degenerateRule: degenerateRule(options.repeat),
    validation: plan.validation,
    notes,
    warnings: [
      ...(options.warnings ?? []),
      ...plan.validation.warnings,
      ...testWarnings(metric, slope, points),
      ...contextWarnings(outcomes, options.problems),
      ...noteWarnings(notes, rounds),
      ...wordlessWarnings(
        outcomes.flat().flatMap(({ sentences = [] }) => sentences.map(({ last }) => last)),
      ),
    ],
  };
}

function controlFits(
  options: SummaryOptions,
  kind: 'random' | 'shuffled',
  random: Random,
): ControlFit[] {
  return options.controls[kind].map(({ seed, cosine }) => ({
    seed,
    cosine,
    ...controlFit(options, `${kind}-${seed}`, random),
  }));
}

/** Sentences that were left out for want of positions, by how many and where. */
function contextWarnings(
  outcomes: readonly (readonly CaseOutcome[])[],
  problems: readonly SweepProblem[],
): string[] {
  const cut = outcomes.flatMap((row, p) => {
    const rounds = row.reduce((sum, { context = 0 }) => sum + context, 0);
    return rounds > 0 ? [{ id: problems[p]?.id ?? '', rounds }] : [];
  });
  if (cut.length === 0) return [];
  const shown = cut.slice(0, 5).map(({ id, rounds }) => `${id} (${rounds} rounds)`);
  const more = cut.length > 5 ? ` and ${cut.length - 5} more` : '';
  return [
    `context: rounds of ${cut.length} of ${problems.length} problems are left out, since the model had no positions for them: ${shown.join(', ')}${more}`,
  ];
}

/** Outcomes `[problems][coefficients]`. At 0 every direction does the same: nothing. */
function collect(
  options: SummaryOptions,
  direction: DirectionName,
  problems: readonly SweepProblem[],
  coefficients: readonly number[],
): CaseOutcome[][] {
  return problems.map(({ id }) =>
    coefficients.map((coefficient) => {
      const name = coefficient === 0 ? 'tested' : direction;
      const found = options.cases.get(caseKey({ direction: name, coefficient, problem: id }));
      if (!found) {
        throw new Error(`sweep: no record of problem ${id} at ${coefficient} along ${name}`);
      }
      return found;
    }),
  );
}

function toPoints(
  outcomes: readonly (readonly CaseOutcome[])[],
  given: { table: UnitTable; grid: readonly number[]; random: Random },
): SweepPoint[] {
  const means = bootstrapMeans({
    ...given.table,
    random: given.random.fork('points'),
    resamples: 1000,
  });
  const mean = (read: (o: CaseOutcome) => number | null): (number | null)[] =>
    tableMeans(metricTable(outcomes, read));
  const copyRate = mean((o) => o.copyRate);
  const lengthRatio = mean((o) => o.lengthRatio);
  const degenerate = mean((o) => o.degenerate);
  const accuracy = mean((o) => (o.right === null ? null : Number(o.right)));
  const copied = copiedByQuality(outcomes, given.random);
  return given.grid.map((coefficient, i) => ({
    coefficient,
    n: means[i]?.n ?? 0,
    mean: means[i]?.mean ?? null,
    ci: means[i]?.ci ?? null,
    copyRate: copyRate[i] ?? null,
    lengthRatio: lengthRatio[i] ?? null,
    degenerate: degenerate[i] ?? null,
    accuracy: accuracy[i] ?? null,
    ...copied[i],
  }));
}

/** Per coefficient; nothing where no sentence is recorded as good, or none as bad. */
function copiedByQuality(
  outcomes: readonly (readonly CaseOutcome[])[],
  random: Random,
): Pick<SweepPoint, 'goodCopied' | 'badChanged'>[] {
  const means = (quality: Quality, holds: (sentence: Sentence) => boolean): ColumnMean[] => {
    const share = ({ sentences = [] }: CaseOutcome): number | null => {
      const some = sentences.filter((one) => one.quality === quality && one.finish !== 'context');
      return some.length === 0 ? null : some.filter(holds).length / some.length;
    };
    return bootstrapMeans({
      ...metricTable(outcomes, share),
      random: random.fork(`sentences ${quality}`),
    });
  };
  // A copy is recorded without y2.
  const goodCopied = means('good', ({ correction }) => correction === undefined);
  const badChanged = means('bad', ({ correction }) => correction !== undefined);
  return goodCopied.map((good, c) => {
    const bad = badChanged[c];
    return good.n > 0 && bad && bad.n > 0 ? { goodCopied: good, badChanged: bad } : {};
  });
}

/** A line on the controls' problems and coefficients. */
function controlFit(options: SummaryOptions, direction: DirectionName, random: Random): SweepFit {
  const { problems, coefficients } = options.controls;
  return slopeFit({
    table: metricTable(collect(options, direction, problems, coefficients), options.metric.name),
    coefficients,
    random: random.fork(direction),
    resamples: 500,
  });
}

function compare(
  options: SummaryOptions,
  controls: readonly ControlFit[],
  random: Random,
): ControlComparison | null {
  const { problems, coefficients } = options.controls;
  if (problems.length === 0 || coefficients.length < 2) return null;
  const tested = controlFit(options, 'tested', random);
  const slopes = controls.map(({ slope }) => Math.abs(slope));
  const max = slopes.length > 0 ? Math.max(...slopes) : null;
  return {
    problems: problems.length,
    coefficients: [...coefficients],
    tested,
    median: slopes.length > 0 ? median(slopes) : null,
    max,
    // Against directions that do nothing at all there is no ratio.
    ratio: max !== null && max > 0 ? Math.abs(tested.slope) / max : null,
    exceedsAll: max === null ? null : Math.abs(tested.slope) > max,
  };
}

function testWarnings(
  metric: OwnEditMetric,
  slope: number,
  points: readonly SweepPoint[],
): string[] {
  const warnings: string[] = [];
  if (!goesWithLabels(metric, slope)) {
    warnings.push(
      `sign: on test data ${metric.name} goes against the labels (slope ${slope.toFixed(3)})`,
    );
  }
  const own = points.find(({ coefficient }) => coefficient === 0)?.degenerate ?? 0;
  const broken = points.filter(({ degenerate }) => (degenerate ?? 0) - own >= degenerateLimit);
  if (broken.length > 0) {
    warnings.push(
      `degenerate: 5 points more of the outputs than unsteered, or above, at ${broken.map((p) => p.coefficient).join(', ')}`,
    );
  }
  return warnings;
}
