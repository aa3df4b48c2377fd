/**
 * What a sweep says of the paper's findings, each as one effect over its test problems. Layers,
 * scale and fit range were fixed on validation problems.
 */
import { columnMeansOver, type UnitTable } from '../../math/bootstrap.js';
import { bootstrapEffect, type Effect } from '../../math/effect.js';
import { fitLine } from '../../math/fit.js';
import type { Random } from '../../math/random.js';
import { metricTable, papersGrid, within } from './fit.js';
import { caseKey } from './summary.js';
import type { CaseRecord, DirectionName, SweepRecord, SweepSummary } from './shape.js';

/** A finished sweep. */
export interface SweepRun {
  records: readonly SweepRecord[];
  summary: SweepSummary;
}

const nothing: Effect = { n: 0, estimate: null, ci: null, p: null };

/** The slope of the metric against the coefficient over the fit range. */
export function slopeEffect(run: SweepRun, random: Random): Effect {
  const grid = run.summary.points.map(({ coefficient }) => coefficient);
  const inside = within(grid, run.summary.fitRange).map((i) => grid[i] ?? NaN);
  return lineEffect(run, { coefficients: inside, random, read: ({ slope }) => slope });
}

/**
 * R² of the line through the means at the papers' grid, −1 … 0.5 in steps of 0.25; no effect where
 * the sweep lacks one of these coefficients.
 */
export function linearityEffect(
  run: SweepRun,
  options: { random: Random; nullValue: number },
): Effect {
  return lineEffect(run, { ...options, coefficients: papersGrid, read: ({ r2 }) => r2 });
}

/**
 * The tested slope minus the largest |slope| of the random directions, on the controls' problems and
 * coefficients. Directions are held, problems drawn.
 */
export function overControlsEffect(run: SweepRun, random: Random): Effect {
  const { comparison, controls } = run.summary;
  if (!comparison || controls.random.length === 0) return nothing;
  const { coefficients } = comparison;
  const cases = casesOf(run);
  const names = controls.random.map(({ seed }): DirectionName => `random-${seed}`);
  const steered = coefficients.find((c) => c !== 0);
  const problems = problemsOf(run).filter((problem) =>
    names.every((direction) =>
      cases.has(caseKey({ direction, coefficient: steered ?? 0, problem })),
    ),
  );
  const tables = (['tested', ...names] as const).map((direction) =>
    tableAt(run, { cases, direction, problems, coefficients }),
  );
  if (tables.some((table) => table === null)) return nothing;
  return bootstrapEffect({
    units: problems.length,
    random,
    statistic: (drawn) => {
      const slopes = tables.map((table) =>
        table ? lineOver(table, coefficients, drawn).slope : NaN,
      );
      const [tested = NaN, ...others] = slopes;
      const lead = tested - Math.max(...others.map(Math.abs));
      return Number.isNaN(lead) ? null : lead;
    },
  });
}

type Line = ReturnType<typeof fitLine>;

function lineEffect(
  run: SweepRun,
  options: {
    coefficients: readonly number[];
    random: Random;
    read: (line: Line) => number | null;
    nullValue?: number;
  },
): Effect {
  const { coefficients, read } = options;
  const problems = problemsOf(run);
  const cases = casesOf(run);
  const table = tableAt(run, { cases, direction: 'tested', problems, coefficients });
  if (!table) return nothing;
  return bootstrapEffect({
    ...options,
    units: problems.length,
    statistic: (drawn) => {
      const value = read(lineOver(table, coefficients, drawn));
      return value === null || Number.isNaN(value) ? null : value;
    },
  });
}

function lineOver(table: UnitTable, coefficients: readonly number[], drawn: Uint32Array): Line {
  return fitLine(coefficients, columnMeansOver(table, drawn));
}

function casesOf({ records }: SweepRun): Map<string, CaseRecord> {
  return new Map(records.flatMap((r) => (r.kind === 'case' ? [[caseKey(r), r]] : [])));
}

/** In a fixed order: a resumed run finds its records in another. */
function problemsOf({ records }: SweepRun): string[] {
  const all = records.flatMap((r) =>
    r.kind === 'case' && r.direction === 'tested' ? r.problem : [],
  );
  return [...new Set(all)].sort();
}

/** Problems × coefficients of the sweep's metric; null where a record is missing. */
function tableAt(
  { summary }: SweepRun,
  at: {
    cases: ReadonlyMap<string, CaseRecord>;
    direction: DirectionName;
    problems: readonly string[];
    coefficients: readonly number[];
  },
): UnitTable | null {
  const { cases, problems, coefficients } = at;
  const rows = problems.map((problem) =>
    coefficients.flatMap((coefficient) => {
      // At 0 every direction does the same: nothing.
      const direction = coefficient === 0 ? 'tested' : at.direction;
      return cases.get(caseKey({ direction, coefficient, problem })) ?? [];
    }),
  );
  const whole = rows.every((row) => row.length === coefficients.length);
  return whole && rows.length > 0 ? metricTable(rows, summary.metric) : null;
}
