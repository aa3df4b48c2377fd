/**
 * The steering curve: an edit metric against the coefficient, with the fit, its range, the baseline
 * and the controls; below it the rates that tell a change of mind from a collapse. After Figure 8 of
 * Stream Aligner.
 */
import type { ControlFit, SweepPoint, SweepSummary } from '../shape.js';
import { colours, countText, fixed, intervalText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import type { Axis } from '../../../plot/layout/axis.js';
import { editMetricLabel, editMetricTitle } from '../../../text/editMetricTable.js';
import { errorBars, levelTrace } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';

const positionsText = {
  all: 'every position',
  prompt: 'the prompt',
  generated: 'generated positions',
} as const;

type SteeringCurve = Pick<
  SweepSummary,
  | 'points'
  | 'fit'
  | 'fitRange'
  | 'baseline'
  | 'controls'
  | 'metric'
  | 'unit'
  | 'mode'
  | 'positions'
  | 'paperGrid'
>;

export function steeringCurveFigure(options: SteeringCurve & { room?: Room }): Figure {
  const { points, controls, fitRange, baseline, metric, room = defaultRoom } = options;
  const curves = [
    ...controlTraces(controls, fitRange),
    ...(baseline === null ? [] : [baselineTrace(baseline, points)]),
    ...testedTraces(options),
    ...paperTraces(options),
  ];
  const rates = rateTraces(points);
  const names = (traces: Record<string, unknown>[]): string[] =>
    traces.map(({ name }) => String(name));
  const title = editMetricTitle(metric);
  const { layout, panels } = panelLayout(
    {
      rows: [
        {
          panels: [{ x: null, y: { title: [title, editMetricLabel(metric)] } }],
          ...{ height: 330, legend: names(curves) },
        },
        {
          panels: [
            {
              x: coefficientAxis(options.unit, points),
              y: { title: 'share', range: [-0.02, 1.02] },
            },
          ],
          ...{ height: 190, legend: names(rates) },
        },
      ],
    },
    room,
  );
  const shapes = [rangeShape(fitRange, panels[0]?.y ?? 'y')];
  return { data: [...curves, ...rates], layout: { ...layout, shapes } };
}

/** Caption of {@link steeringCurveFigure}: n, slope, R², controls. */
export function steeringCurveCaption(summary: SweepSummary): string {
  const { fit, fitRange, points, controls, mode, unitValue, layers } = summary;
  const n = countText(points.map((p) => p.n));
  const steepest = Math.max(0, ...controls.random.map((c) => Math.abs(c.slope)));
  const [low, high] = fitRange;
  const parts = [
    `Mode ${mode}, ${positionsText[summary.positions ?? 'all']} steered, n = ${n} problems per coefficient; bars: 95 % bootstrap intervals over problems.`,
    `Fit over the shaded range ${low} … ${high}: slope ${fixed(fit.slope)}${intervalText(fit.ci)}, ` +
      `R² ${fit.r2 === null ? 'undefined' : fit.r2.toFixed(3)}.`,
    `Coefficient 1 adds ${unitValue.map((v, i) => `${fixed(v)} at layer ${layers[i]}`).join(', ')} ` +
      `(${summary.unit}).`,
  ];
  if (controls.random.length > 0) {
    parts.push(
      `Steepest of ${controls.random.length} random directions: |slope| ${fixed(steepest)}` +
        (steepest > 0 ? `, ${(Math.abs(fit.slope) / steepest).toFixed(1)} times less.` : '.'),
    );
  }
  if (summary.degenerateRule !== undefined) parts.push(`Degenerate: ${summary.degenerateRule}.`);
  return [...parts, ...(summary.warnings ?? [])].join(' ');
}

function testedTraces(options: SteeringCurve): Record<string, unknown>[] {
  const { points, fit, fitRange } = options;
  const defined = points.filter((p) => p.mean !== null);
  return [
    {
      type: 'scatter',
      mode: 'lines',
      name: `fit, R² = ${fit.r2 === null ? 'undefined' : fit.r2.toFixed(3)}`,
      ...lineOver(fit, fitRange),
      line: { color: colours.tested, width: 2.5 },
    },
    {
      type: 'scatter',
      mode: 'markers',
      name: 'tested direction',
      x: defined.map((p) => p.coefficient),
      y: defined.map((p) => p.mean),
      error_y: errorBars(defined.map((p) => ({ value: p.mean ?? 0, ci: p.ci }))),
      marker: { color: colours.tested, size: 8 },
      text: defined.map((p) => `n = ${p.n}`),
      hovertemplate: 'coefficient %{x}: %{y:.3f}, %{text}<extra></extra>',
    },
  ];
}

function paperTraces({ paperGrid = [] }: SteeringCurve): Record<string, unknown>[] {
  const defined = paperGrid.filter((p) => p.mean !== null);
  if (defined.length === 0) return [];
  return [
    {
      type: 'scatter',
      mode: 'markers',
      name: "the papers' grid",
      x: defined.map((p) => p.coefficient),
      y: defined.map((p) => p.mean),
      marker: { color: colours.baseline, size: 14, symbol: 'circle-open', line: { width: 1.5 } },
      hoverinfo: 'skip',
    },
  ];
}

function controlTraces(
  controls: SweepSummary['controls'],
  range: [number, number],
): Record<string, unknown>[] {
  const groups: [string, readonly ControlFit[], Record<string, unknown>][] = [
    ['random directions', controls.random, { color: colours.control, width: 1 }],
    ['permuted labels', controls.shuffled, { color: colours.permuted, width: 2, dash: 'dash' }],
  ];
  return groups
    .filter(([, members]) => members.length > 0)
    .map(([name, members, line]) => {
      const lines = members.map((control) => lineOver(control, range));
      return {
        type: 'scatter',
        mode: 'lines',
        name: `${name} (${members.length})`,
        // A gap (null) lifts the pen between lines.
        x: lines.flatMap(({ x }) => [...x, null]),
        y: lines.flatMap(({ y }) => [...y, null]),
        line,
        opacity: 0.7,
        hoverinfo: 'skip',
      };
    });
}

function rateTraces(points: readonly SweepPoint[]): Record<string, unknown>[] {
  const rates: [string, 'copyRate' | 'degenerate' | 'accuracy', string, string][] = [
    ['exact copies', 'copyRate', colours.copy, 'square'],
    ['degenerate', 'degenerate', colours.degenerate, 'x'],
    ['answers right', 'accuracy', colours.accuracy, 'diamond'],
  ];
  return rates.flatMap(([name, key, colour, symbol]) => {
    const defined = points.filter((p) => p[key] !== null);
    if (defined.length === 0) return [];
    return [
      {
        type: 'scatter',
        mode: 'lines+markers',
        name,
        x: defined.map((p) => p.coefficient),
        y: defined.map((p) => p[key]),
        yaxis: 'y2',
        legend: 'legend2',
        line: { color: colour, width: 1.5 },
        marker: { color: colour, symbol, size: 7 },
        hovertemplate: `coefficient %{x}: %{y:.3f}<extra>${name}</extra>`,
      },
    ];
  });
}

function lineOver(
  line: { slope: number; intercept: number },
  range: [number, number],
): { x: number[]; y: number[] } {
  return { x: [...range], y: range.map((x) => line.intercept + line.slope * x) };
}

function rangeShape([low, high]: [number, number], y: string): Record<string, unknown> {
  return {
    ...{ type: 'rect', x0: low, x1: high, xref: 'x', y0: 0, y1: 1, yref: `${y} domain` },
    ...{ layer: 'below', line: { width: 0 }, fillcolor: 'rgba(128,128,128,0.12)' },
  };
}

/** In the legend, since any place in the panel may have a curve. */
function baselineTrace(level: number, points: readonly SweepPoint[]): Record<string, unknown> {
  return levelTrace({
    ...{ name: `unsteered, ${fixed(level)}`, level, ends: endsOf(points) },
    ...{ dash: 'dot', colour: colours.baseline },
  });
}

/** A little beyond the first and last coefficient, for whole marks. */
function endsOf(points: readonly SweepPoint[]): [number, number] {
  const places = points.map(({ coefficient }) => coefficient);
  const [low, high] = [Math.min(0, ...places), Math.max(0, ...places)];
  const beyond = 0.05 * (high - low || 1);
  return [low - beyond, high + beyond];
}

/** An axis title has one line; a unit that does not fit stands in the caption alone. */
function coefficientAxis(unit: string, points: readonly SweepPoint[]): Axis {
  return {
    title: [`coefficient (1 = ${unit})`, 'coefficient'],
    range: endsOf(points),
    own: { zeroline: true },
  };
}
