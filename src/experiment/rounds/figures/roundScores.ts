/**
 * How the scores of answers are distributed by number of correction rounds, and how long the answers
 * are, since length alone can move a score. After Figure 4 of the paper.
 */
import type { RoundsSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { diverging, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { cellGrid, cellTitle, type GridCell } from '../../../plot/grid.js';
import { countOf } from './roundAccuracy.js';
import { seriesStyle } from '../../../plot/series.js';

type Rounds = Pick<RoundsSummary, 'correctors' | 'rounds' | 'scoreBins' | 'scoreRule'>;
type CorrectorRounds = Rounds['correctors'][number];

const rowHeight = 210;

/** Per corrector the distribution, with the mean score over it, and beside it (narrow: below) the length. */
export function roundScoresFigure(options: Rounds & { narrow?: boolean }): Figure {
  const { correctors, narrow = false } = options;
  const columns = narrow ? 1 : 2;
  const rows = (Math.max(1, correctors.length) * 2) / columns;
  const height = 90 + rows * rowHeight;
  const gap = { across: 0.1, down: 64 / (height - 90) };
  const cells = cellGrid({ rows, columns, gap });
  const panels = correctors.flatMap((corrector, i) => {
    const [scores, lengths] = cells.slice(2 * i, 2 * i + 2);
    return scores && lengths ? [{ corrector, index: i, scores, lengths }] : [];
  });
  const bottom = Math.max(...cells.map(({ row }) => row));
  return {
    data: panels.flatMap(({ corrector, index, scores, lengths }) => [
      ...shareTraces(corrector, { cell: scores, legend: index === 0, bins: options.scoreBins }),
      meanTrace(corrector, { cell: scores, legend: index === 0 }),
      lengthTrace(corrector, { cell: lengths, index }),
    ]),
    layout: {
      height,
      barmode: 'stack',
      bargap: 0.15,
      margin: { t: 60, r: 20, b: 50, l: 60 },
      legend: { orientation: 'h', x: 0, y: 1 + 24 / (height - 90), yanchor: 'bottom' },
      annotations: panels.flatMap(({ corrector: { name }, scores, lengths }) => [
        cellTitle(scores, `${plotText(name)}: score (share of answers)`),
        cellTitle(lengths, `${narrow ? `${plotText(name)}: ` : ''}mean length (characters)`),
      ]),
      ...Object.fromEntries(cells.flatMap((cell) => axesOf(cell, cell.row === bottom))),
    },
  };
}

/** Caption of {@link roundScoresFigure}: the rule of the score, n, and what the ends of the curves are. */
export function roundScoresCaption({ correctors, scoreRule, rounds }: Rounds): string {
  const ends = correctors.flatMap(({ name, continued: { upstream } }) => {
    const [first, last] = [upstream[0], upstream.at(-1)];
    if (!first || !last || first.score.mean === null || last.score.mean === null) return [];
    const [from, to] = [first.characters.mean ?? 0, last.characters.mean ?? 0];
    return `${name} ${fixed(first.score.mean)} to ${fixed(last.score.mean)}${intervalText(last.score.ci)}, ${fixed(from)} to ${fixed(to)} characters`;
  });
  return (
    'Score: share of the sentences of an answer that are right. Bars: share of the answers in each ' +
    'bin of scores after so many correction rounds, the rest written by the upstream; marks: means ' +
    `with 95 % bootstrap intervals, n = ${countOf(correctors)} problems. Rule: ${scoreRule}. ` +
    `From no round to ${rounds}: ${ends.length === 0 ? 'no scores' : ends.join('; ')}.`
  );
}

/** Red for the worst, blue for the best, white between them. */
function binColour(bin: number, bins: number): string {
  const at = 1 - bin / Math.max(1, bins - 1);
  const steps = diverging.length - 1;
  return diverging[Math.round(at * steps)]?.[1] ?? '';
}

function shareTraces(
  { continued: { upstream } }: CorrectorRounds,
  { cell, legend, bins }: { cell: GridCell; legend: boolean; bins: readonly string[] },
): Record<string, unknown>[] {
  const known = upstream.filter(({ scoreShares }) => scoreShares !== null);
  return bins.map((name, bin) => ({
    type: 'bar',
    name: `score ${name}`,
    x: known.map(({ k }) => k),
    y: known.map(({ scoreShares }) => scoreShares?.[bin] ?? 0),
    ...{ xaxis: cell.x, yaxis: cell.y },
    marker: { color: binColour(bin, bins.length) },
    ...{ legendgroup: name, showlegend: legend },
    hovertemplate: `%{x} rounds: %{y:.3f}<extra>score ${name}</extra>`,
  }));
}

function meanTrace(
  { continued: { upstream } }: CorrectorRounds,
  { cell, legend }: { cell: GridCell; legend: boolean },
): Record<string, unknown> {
  const known = upstream.filter(({ score }) => score.mean !== null);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: 'mean score',
    x: known.map(({ k }) => k),
    y: known.map(({ score }) => score.mean),
    ...{ xaxis: cell.x, yaxis: cell.y },
    error_y: {
      ...errorBars(known.map(({ score }) => ({ value: score.mean ?? 0, ci: score.ci }))),
      color: '#000000',
    },
    // Black and white show on every bar.
    line: { color: '#000000', width: 1.5 },
    marker: { color: '#ffffff', size: 7, line: { color: '#000000', width: 1.5 } },
    ...{ legendgroup: 'mean', showlegend: legend },
    hovertemplate: '%{x} rounds: mean %{y:.3f}<extra></extra>',
  };
}

function lengthTrace(
  { name, continued: { upstream } }: CorrectorRounds,
  { cell, index }: { cell: GridCell; index: number },
): Record<string, unknown> {
  const { colour, symbol } = seriesStyle(index);
  const known = upstream.filter(({ characters }) => characters.mean !== null);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: plotText(name),
    x: known.map(({ k }) => k),
    y: known.map(({ characters }) => characters.mean),
    ...{ xaxis: cell.x, yaxis: cell.y },
    error_y: errorBars(known.map(({ characters: c }) => ({ value: c.mean ?? 0, ci: c.ci }))),
    line: { color: colour, width: 2 },
    marker: { color: colour, symbol, size: 7 },
    showlegend: false,
    text: known.map(({ sentences }) => `${fixed(sentences.mean ?? 0)} sentences`),
    hovertemplate: `%{x} rounds: %{y:.1f} characters, %{text}<extra>${plotText(name)}</extra>`,
  };
}

function axesOf(cell: GridCell, last: boolean): [string, unknown][] {
  const title = last ? { title: { text: 'correction rounds' } } : {};
  return [
    [cell.xaxis, { domain: cell.across, anchor: cell.y, dtick: 1, zeroline: false, ...title }],
    [cell.yaxis, { domain: cell.down, anchor: cell.x, zeroline: false }],
  ];
}
