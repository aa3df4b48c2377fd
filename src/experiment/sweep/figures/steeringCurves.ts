/** The steering curves of several sweeps in one figure. */
import type { SweepSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { countText, fixed, plotText, type Figure } from '../../../plot/figure.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { seriesStyle } from '../../../plot/series.js';
import { editMetricLabel, editMetricTitle } from '../../../text/editMetricTable.js';

/** A sweep, and what its curve is called. */
export interface NamedSweep {
  name: string;
  summary: Pick<SweepSummary, 'points' | 'metric' | 'fit' | 'mode' | 'model'>;
}

/** @param options.sweeps of one metric */
export function steeringCurvesFigure(options: {
  sweeps: readonly NamedSweep[];
  room?: Room;
}): Figure {
  const { sweeps, room = defaultRoom } = options;
  const data = sweeps.map(({ name, summary }, i) => curve(name, summary.points, i));
  const metric = sweeps[0]?.summary.metric ?? '';
  const { layout } = panelLayout(
    {
      rows: [
        {
          panels: [
            {
              x: { title: 'coefficient', own: { zeroline: true } },
              y: { title: [editMetricTitle(metric), editMetricLabel(metric)] },
            },
          ],
          ...{ height: 380, legend: sweeps.map(({ name }) => plotText(name)) },
        },
      ],
    },
    room,
  );
  return { data, layout };
}

function curve(
  name: string,
  points: SweepSummary['points'],
  index: number,
): Record<string, unknown> {
  const { colour, symbol, dash } = seriesStyle(index);
  const defined = points.filter(({ mean }) => mean !== null);
  return {
    type: 'scatter',
    mode: 'lines+markers',
    name: plotText(name),
    x: defined.map(({ coefficient }) => coefficient),
    y: defined.map(({ mean }) => mean),
    error_y: errorBars(defined.map(({ mean, ci }) => ({ value: mean ?? 0, ci }))),
    line: { color: colour, width: 1.5, dash },
    marker: { color: colour, symbol, size: 7 },
    text: defined.map(({ n }) => `n = ${n}`),
    hovertemplate: `coefficient %{x}: %{y:.3f}, %{text}<extra>${plotText(name)}</extra>`,
  };
}

/** Caption of {@link steeringCurvesFigure}: n, intervals, slopes, what 1 is. */
export function steeringCurvesCaption(sweeps: readonly NamedSweep[]): string {
  const n = countText(sweeps.flatMap(({ summary }) => summary.points.map((point) => point.n)));
  const slopes = sweeps.map(({ name, summary: { model, mode, fit } }) => {
    const r2 = fit.r2 === null ? 'undefined' : fit.r2.toFixed(3);
    return `${name} (${model}, mode ${mode}): slope ${fixed(fit.slope)}, R² ${r2}`;
  });
  return (
    `n = ${n} problems per coefficient and run; bars: 95 % bootstrap intervals over problems. ` +
    `Coefficient 1 is what each run says that it is. ${slopes.join('; ')}.`
  );
}
