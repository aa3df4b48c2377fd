/** A page of many sweeps. */
import type { Page } from '../../plot/page/page.js';
import {
  steeringCurvesCaption,
  steeringCurvesFigure,
  type NamedSweep,
} from './figures/steeringCurves.js';

/** A figure for each metric, with a curve for each run. */
export function sweepsPage(sweeps: readonly NamedSweep[]): Page {
  const metrics = [...new Set(sweeps.map(({ summary }) => summary.metric))];
  return {
    title: `Steering curves of ${sweeps.length} runs`,
    sections: metrics.map((metric, i) => {
      const some = sweeps.filter(({ summary }) => summary.metric === metric);
      return {
        name: i === 0 ? 'steering-curves' : `steering-curves-${i + 1}`,
        heading: metrics.length === 1 ? 'Steering curves' : `Steering curves, ${metric}`,
        caption: steeringCurvesCaption(some),
        draw: (room) => steeringCurvesFigure({ sweeps: some, room }),
      };
    }),
  };
}
