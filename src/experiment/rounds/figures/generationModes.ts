/**
 * Classic against continue: the loop to its end, and cut off after k correction rounds with one
 * model writing on alone. After Figure 5 of the paper.
 */
import type { RoundsSummary } from '../shape.js';
import { bandTrace, errorBars } from '../../../plot/axes.js';
import { colours, fixed, intervalText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { sizeLabels } from '../../shared/sizes.js';
import { numbered } from '../../../plot/layout/axis.js';
import {
  defaultRoom,
  narrowBelow,
  panelLayout,
  type Panel,
  type PlacedPanel,
  type Room,
} from '../../../plot/layout/panels.js';
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

/** A panel per corrector, side by side; below each other where it is narrow and high. */
export function generationModesFigure(options: Rounds & { room?: Room }): Figure {
  const { correctors, rounds, room = defaultRoom } = options;
  const count = Math.max(1, correctors.length);
  const columns = room.height !== undefined ? count : room.width < narrowBelow ? 1 : Math.min(2, count); // prettier-ignore
  const labels = sizeLabels(correctors.map(({ name }) => name));
  const names = ['classic', ...Object.values(continueStyles).map(({ name }) => name)];
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, row) => ({
    panels: correctors.slice(row * columns, (row + 1) * columns).map(({ name }, i) =>
      panelOf([name, labels[row * columns + i] ?? name], {
        rounds,
        first: i === 0,
        top: row + i === 0,
      }),
    ),
    ...{ height: 230, columns },
    ...(row === 0 && { legend: names }),
  }));
  const { layout, panels } = panelLayout({ rows }, room);
  const shown = correctors.flatMap((corrector, i) => {
    const cell = panels[i];
    return cell ? [{ corrector, cell, legend: i === 0 }] : [];
  });
  return {
    data: shown.flatMap((panel) => [
      ...classicTraces(panel, rounds),
      ...(['upstream', 'corrector'] as const).map((who) => continueTrace(panel, who)),
    ]),
    layout,
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

interface Shown {
  corrector: CorrectorRounds;
  cell: PlacedPanel;
  /** Whether its curves stand for those of all panels in the legend. */
  legend: boolean;
}

function classicTraces(
  { corrector: { classic }, cell, legend }: Shown,
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
  { corrector, cell, legend }: Shown,
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

function panelOf(
  title: readonly string[],
  { rounds, first, top }: { rounds: number; first: boolean; top: boolean },
): Panel {
  return {
    title,
    x: {
      title: ['correction rounds', 'rounds'],
      ...{ range: [-0.4, rounds + 0.4], names: numbered(rounds + 1), own: { zeroline: false } },
    },
    y: {
      ...(first && { title: ['right (share)', 'right'] }),
      // One scale for all, so that panels can be compared.
      own: { zeroline: false, ...(!top && { matches: 'y' }) },
    },
  };
}
