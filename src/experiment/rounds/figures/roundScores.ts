/**
 * How the scores of answers are distributed by number of correction rounds, and how long the answers
 * are, since length alone can move a score. After Figure 4 of the paper.
 */
import type { RoundsSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { diverging, fixed, intervalText, plotText } from '../../../plot/figure.js';
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
import { seriesStyle } from '../../../plot/series.js';

type Rounds = Pick<RoundsSummary, 'correctors' | 'rounds' | 'scoreBins' | 'scoreRule'>;
type CorrectorRounds = Rounds['correctors'][number];

/**
 * Per corrector the distribution, with the mean score over it, and beside it the length (below it
 * where it is narrow and high).
 */
export function roundScoresFigure(options: Rounds & { room?: Room }): Figure {
  const { correctors, scoreBins, rounds, room = defaultRoom } = options;
  const legend = [...scoreBins.map((name) => `score ${name}`), 'mean score'];
  const labels = sizeLabels(correctors.map(({ name }) => name));
  const scores = correctors.map(({ name }, i) =>
    panelOf(
      [`${name}: score (share of answers)`, `${name}: score`, `${labels[i] ?? name}: score`],
      rounds,
    ),
  );
  const lengths = correctors.map(({ name }, i) =>
    panelOf(
      [
        `${name}: mean length (characters)`,
        `${labels[i] ?? name}: length (characters)`,
        `${labels[i] ?? name}: length`,
      ],
      rounds,
    ),
  );
  const { rows, order } = arranged(scores, lengths, room);
  const { layout, panels } = panelLayout(
    { rows: rows.map((row, i) => ({ panels: row, height: 150, ...(i === 0 && { legend }) })) },
    room,
  );
  return {
    data: correctors.flatMap((corrector, index) => {
      const place = (panel: Panel | undefined): PlacedPanel | undefined =>
        panel && panels[order.indexOf(panel)];
      const [own, length] = [place(scores[index]), place(lengths[index])];
      if (!own || !length) return [];
      return [
        ...shareTraces(corrector, { cell: own, legend: index === 0, bins: scoreBins }),
        meanTrace(corrector, { cell: own, legend: index === 0 }),
        lengthTrace(corrector, { cell: length, index }),
      ];
    }),
    layout: { ...layout, barmode: 'stack', bargap: 0.15 },
  };
}

/** A row per corrector; all beside each other where it is low, and below each other where narrow. */
function arranged(
  scores: readonly Panel[],
  lengths: readonly Panel[],
  room: Room,
): { rows: Panel[][]; order: Panel[] } {
  const pairs = scores.map((score, i) => [score, ...lengths.slice(i, i + 1)]);
  const single = pairs.flat().map((panel) => [panel]);
  const low = scores.length > 1 ? [[...scores], [...lengths]] : pairs;
  const rows = room.height !== undefined ? low : room.width < narrowBelow ? single : pairs;
  return { rows, order: rows.flat() };
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
  { cell, legend, bins }: { cell: PlacedPanel; legend: boolean; bins: readonly string[] },
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
  { cell, legend }: { cell: PlacedPanel; legend: boolean },
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
  { cell, index }: { cell: PlacedPanel; index: number },
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

function panelOf(titles: readonly string[], rounds: number): Panel {
  return {
    title: titles,
    x: {
      title: ['correction rounds', 'rounds'],
      ...{ range: [-0.5, rounds + 0.5], names: numbered(rounds + 1), own: { zeroline: false } },
    },
    y: { own: { zeroline: false } },
  };
}
