/** `sweep.html`. */
import type { Page } from '../../plot/page/page.js';
import { defineSummary } from '../shared/experiment.js';
import { judgedPoints, selectivityCaption, selectivityFigure } from './figures/selectivity.js';
import { steeringCurveCaption, steeringCurveFigure } from './figures/steeringCurve.js';
import { sweepSummary, type SweepSummary } from './shape.js';

/** The steering curve. */
export function sweepPage(summary: SweepSummary): Page {
  const { model, method, layers, mode } = summary;
  return {
    title: `Steering ${model}`,
    introduction: `Direction by ${method}, added at ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')}.`,
    sections: [
      {
        name: 'steering-curve',
        heading: `Steering curve, ${mode} mode`,
        caption: steeringCurveCaption(summary),
        draw: (room) => steeringCurveFigure({ ...summary, room }),
      },
      ...selectivitySections(summary),
    ],
  };
}

/** One section where y1 are recorded as good and bad, else none. */
function selectivitySections(summary: SweepSummary): Page['sections'] {
  if (judgedPoints(summary).length === 0) return [];
  return [
    {
      name: 'selectivity',
      heading: 'Good and bad sentences',
      caption: selectivityCaption(summary),
      draw: (room) => selectivityFigure({ ...summary, room }),
    },
  ];
}

export const sweepKind = defineSummary({
  kind: 'sweep',
  title: 'A steering curve: an edit metric against the coefficient, its fit and its controls.',
  shape: sweepSummary,
  page: sweepPage,
});
