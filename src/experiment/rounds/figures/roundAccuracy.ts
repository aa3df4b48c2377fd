/** Accuracy by number of correction rounds, one curve per corrector. After Figure 3 of the paper. */
import type { RoundsSummary } from '../shape.js';
import { errorBars, levelTrace } from '../../../plot/axes.js';
import type { Axis } from '../../../plot/layout/axis.js';
import { legendName } from '../../../plot/layout/legend.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { colours, countText, fixed, intervalText, plotText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { beside, seriesStyle } from '../../../plot/series.js';

type Rounds = Pick<RoundsSummary, 'correctors' | 'rounds'>;
type CorrectorRounds = Rounds['correctors'][number];

/** The curves, the loop run to its end behind them, and the upstream alone. */
export function roundAccuracyFigure(options: Rounds & { room?: Room }): Figure {
  const { correctors, rounds, room = defaultRoom } = options;
  const alone = correctors[0]?.continued.upstream[0]?.accuracy ?? null;
  const data = [
    ...(alone === null ? [] : [aloneTrace(alone, rounds)]),
    ...correctors.map((corrector, i) =>
      curve(corrector, { index: i, count: correctors.length, rounds }),
    ),
  ];
  const panel = {
    x: roundsAxis(rounds),
    y: { title: ['answers right (share)', 'right (share)'], own: { zeroline: false } },
  };
  const legend = data.map(({ name }) => String(name));
  const rows = [{ panels: [panel], height: 340, legend }];
  return { data, layout: { ...panelLayout({ rows }, room).layout, showlegend: true } };
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
function roundsAxis(rounds: number): Axis {
  const at = Array.from({ length: rounds + 2 }, (_, k) => k);
  return {
    title: 'correction rounds',
    range: [-0.4, rounds + 1.4],
    names: { at, text: at.map((k) => (k > rounds ? 'end' : String(k))) },
    own: { zeroline: false },
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
    name: plotText(legendName(name)),
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

function aloneTrace(level: number, rounds: number): Record<string, unknown> {
  return levelTrace({
    ...{ name: `upstream alone, ${fixed(level)}`, level, ends: [-0.4, rounds + 1.4] },
    ...{ dash: 'dot', colour: colours.baseline },
  });
}
