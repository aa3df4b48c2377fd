/** Accuracy by number of correction rounds, one curve per corrector. After Figure 3 of the paper. */
import type { RoundsSummary } from '../shape.js';
import { errorBars, legendAbove } from '../../../plot/axes.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { beside, seriesStyle } from '../../../plot/series.js';

type Rounds = Pick<RoundsSummary, 'correctors' | 'rounds'>;
type CorrectorRounds = Rounds['correctors'][number];

/** The curves, the loop run to its end behind them, and the upstream alone. */
export function roundAccuracyFigure({ correctors, rounds }: Rounds): Figure {
  const alone = correctors[0]?.continued.upstream[0]?.accuracy ?? null;
  return {
    data: correctors.map((corrector, i) =>
      curve(corrector, { index: i, count: correctors.length, rounds }),
    ),
    layout: {
      height: 440,
      margin: { t: 40, r: 20, b: 60, l: 70 },
      xaxis: roundsAxis(rounds),
      yaxis: { title: { text: 'answers right (share)' }, zeroline: false },
      legend: legendAbove,
      shapes: alone === null ? [] : [aloneShape(alone)],
    },
  };
}

/** Caption of {@link roundAccuracyFigure}: n, intervals, and the gain of the whole loop. */
export function roundAccuracyCaption({ correctors }: Rounds): string {
  const gains = correctors.map(({ name, classic, settled }) => {
    const { gain, accuracy } = classic;
    if (accuracy === null || gain.mean === null) return `${name} nothing`;
    const still = settled.upstream === null ? '' : `, nothing changes after ${settled.upstream}`;
    return `${name} ${fixed(accuracy)}, gain ${fixed(gain.mean)}${intervalText(gain.ci)}${still}`;
  });
  return (
    'Share of problems answered right where the corrector takes part in the first rounds and the ' +
    'upstream writes the rest (0: the upstream alone; end: the corrector takes part in all), ' +
    `n = ${countOf(correctors)} problems; bars: 95 % intervals (Wilson). ` +
    `At the end, with the paired gain over the upstream alone: ${gains.join('; ')}.`
  );
}

/** Problems behind the points. */
export function countOf(correctors: readonly CorrectorRounds[]): string {
  return countText(correctors.map(({ classic }) => classic.n));
}

/** 0 … K, and the loop's end. */
function roundsAxis(rounds: number): Record<string, unknown> {
  const ticks = Array.from({ length: rounds + 2 }, (_, k) => k);
  return {
    title: { text: 'correction rounds' },
    tickmode: 'array',
    tickvals: ticks,
    ticktext: ticks.map((k) => (k > rounds ? 'end' : String(k))),
    range: [-0.4, rounds + 1.4],
    zeroline: false,
  };
}

function curve(
  { name, continued, classic }: CorrectorRounds,
  { index, count, rounds }: { index: number; count: number; rounds: number },
): Record<string, unknown> {
  const { colour, symbol, dash } = seriesStyle(index);
  const points = [...continued.upstream, { ...classic, k: rounds + 1 }].filter(
    ({ accuracy }) => accuracy !== null,
  );
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: plotText(name),
    x: points.map(({ k }) => k + beside(index, count, 0.08)),
    y: points.map(({ accuracy }) => accuracy),
    error_y: errorBars(points.map(({ accuracy, ci }) => ({ value: accuracy ?? 0, ci }))),
    line: { color: colour, dash, width: 2 },
    marker: { color: colour, symbol, size: 8 },
    text: points.map(
      ({ k, n, ci }) => `${k > rounds ? 'end' : `${k} rounds`}, n = ${n}${intervalText(ci)}`,
    ),
    hovertemplate: `%{text}: %{y:.3f}<extra>${plotText(name)}</extra>`,
  };
}

function aloneShape(level: number): Record<string, unknown> {
  return {
    ...{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: level, y1: level },
    line: { color: colours.baseline, dash: 'dot', width: 1.5 },
    label: {
      ...{ text: `upstream alone ${fixed(level)}`, textposition: 'end', yanchor: 'top' },
      font: { size: 12, color: colours.baseline },
    },
  };
}
