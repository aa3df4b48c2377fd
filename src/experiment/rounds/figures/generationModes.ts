/**
 * Classic against continue: the loop to its end, and cut off after k correction rounds with one
 * model writing on alone. After Figure 5 of the paper.
 */
import type { RoundsSummary } from '../shape.js';
import { bandTrace, errorBars } from '../../../plot/axes.js';
import { colours, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { cellGrid, cellTitle, type GridCell } from '../../../plot/grid.js';
import { countOf } from './roundAccuracy.js';

type Rounds = Pick<RoundsSummary, 'correctors' | 'rounds'>;
type CorrectorRounds = Rounds['correctors'][number];

const continueStyles = {
  upstream: {
    name: 'the upstream writes on',
    colour: colours.copy,
    symbol: 'square',
    shift: -0.06,
  },
  corrector: {
    name: 'the corrector writes on',
    colour: colours.accuracy,
    symbol: 'diamond',
    shift: 0.06,
  },
} as const;

/** A panel per corrector, side by side; narrow: below each other. */
export function generationModesFigure(options: Rounds & { narrow?: boolean }): Figure {
  const { correctors, rounds, narrow = false } = options;
  const count = Math.max(1, correctors.length);
  const [rows, columns] = narrow ? [count, 1] : [Math.ceil(count / 2), Math.min(2, count)];
  const plot = rows * 230;
  const cells = cellGrid({ rows, columns, gap: { across: 0.06, down: 60 / plot } });
  const panels = correctors.flatMap((corrector, i) => {
    const cell = cells[i];
    return cell ? [{ corrector, cell, legend: i === 0 }] : [];
  });
  return {
    data: panels.flatMap((panel) => [
      ...classicTraces(panel, rounds),
      ...(['upstream', 'corrector'] as const).map((who) => continueTrace(panel, who)),
    ]),
    layout: {
      height: plot + 130,
      margin: { t: 70, r: 20, b: 60, l: 70 },
      legend: { orientation: 'h', x: 0, y: 1 + 26 / plot, yanchor: 'bottom' },
      annotations: panels.map(({ corrector, cell }) => cellTitle(cell, plotText(corrector.name))),
      ...Object.fromEntries(
        panels.flatMap(({ cell }, i) => axesOf(cell, { rounds, last: i + columns >= count })),
      ),
    },
  };
}

/** Caption of {@link generationModesFigure}: what writes when, n, intervals, rounds until the end. */
export function generationModesCaption({ correctors }: Rounds): string {
  const loops = correctors.flatMap(({ name, classic: { rounds, accuracy, ci } }) =>
    accuracy === null || rounds.mean === null
      ? []
      : [`${name} ${fixed(accuracy)}${intervalText(ci)} in ${fixed(rounds.mean)} rounds`],
  );
  return (
    'Share of problems answered right, by the number of correction rounds after which one model ' +
    'writes on alone: the upstream the whole rest (the authors’ code), or the corrector sentence by ' +
    'sentence without y1 (the paper’s text). Line with band: the loop to its end (classic). ' +
    `n = ${countOf(correctors)} problems; bars and bands: 95 % intervals (Wilson). ` +
    `Classic, with its mean number of rounds: ${loops.join('; ')}.`
  );
}

interface Panel {
  corrector: CorrectorRounds;
  cell: GridCell;
  /** Whether its curves stand for those of all panels in the legend. */
  legend: boolean;
}

function classicTraces(
  { corrector: { classic }, cell, legend }: Panel,
  rounds: number,
): Record<string, unknown>[] {
  const { accuracy, ci } = classic;
  if (accuracy === null) return [];
  const colour = colours.correct;
  const axes = { xaxis: cell.x, yaxis: cell.y };
  const x = [-0.4, rounds + 0.4];
  const band = ci && bandTrace({ x, ci: [ci, ci], colour, opacity: 0.15, group: 'classic' });
  const line = {
    ...{ type: 'scatter', mode: 'lines', name: 'classic', x, y: [accuracy, accuracy], ...axes },
    ...{ line: { color: colour, width: 2 }, legendgroup: 'classic', showlegend: legend },
    hovertemplate: `%{y:.3f}${intervalText(ci)}<extra>classic</extra>`,
  };
  return [...(band ? [{ ...band, ...axes }] : []), line];
}

function continueTrace(
  { corrector, cell, legend }: Panel,
  who: 'upstream' | 'corrector',
): Record<string, unknown> {
  const { name, colour, symbol, shift } = continueStyles[who];
  const points = corrector.continued[who].filter(({ accuracy }) => accuracy !== null);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name,
    x: points.map(({ k }) => k + shift),
    y: points.map(({ accuracy }) => accuracy),
    ...{ xaxis: cell.x, yaxis: cell.y },
    error_y: errorBars(points.map(({ accuracy, ci }) => ({ value: accuracy ?? 0, ci }))),
    line: { color: colour, width: 1.5 },
    marker: { color: colour, symbol, size: 7 },
    ...{ legendgroup: who, showlegend: legend },
    text: points.map(({ k, n, ci }) => `${k} rounds, n = ${n}${intervalText(ci)}`),
    hovertemplate: `%{text}: %{y:.3f}<extra>${name}</extra>`,
  };
}

function axesOf(
  cell: GridCell,
  { rounds, last }: { rounds: number; last: boolean },
): [string, unknown][] {
  const across = last ? { title: { text: 'correction rounds' } } : {};
  const up = cell.column === 0 ? { title: { text: 'right (share)' } } : {};
  const x = { domain: cell.across, anchor: cell.y, range: [-0.4, rounds + 0.4], dtick: 1 };
  const y = { domain: cell.down, anchor: cell.x, zeroline: false, ...up };
  return [
    [cell.xaxis, { ...x, zeroline: false, ...across }],
    // One scale for all, so that panels can be compared.
    [cell.yaxis, { ...y, ...(cell.y !== 'y' && { matches: 'y' }) }],
  ];
}
