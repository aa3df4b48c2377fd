/** `compare.html` */
import { warned, type Page } from '../../../plot/page/page.js';
import { defineSummary } from '../../shared/experiment.js';
import { accuracyTimeCaption, accuracyTimeFigure } from '../figures/accuracyTime.js';
import { latencyCaption, latencyFigure } from '../figures/latency.js';
import { systemComparisonCaption, systemComparisonFigure } from '../figures/systemComparison.js';
import { compareSummary, type CompareSummary } from './shape.js';

/** Systems compared: accuracy, time, size. */
export function comparePage(summary: CompareSummary): Page {
  return {
    title: 'Systems compared',
    introduction: `Upstream: ${summary.upstream}.${warned(summary.warnings)}`,
    sections: [
      {
        name: 'accuracy-time',
        heading: 'Accuracy and time',
        caption: `${accuracyTimeCaption(summary)} At equal time: ${summary.equalTimeRule}.`,
        draw: (room) => accuracyTimeFigure({ ...summary, room }),
      },
      {
        name: 'systems-by-size',
        heading: 'Systems by size',
        caption: systemComparisonCaption(summary),
        draw: (room) => systemComparisonFigure({ ...summary, room }),
      },
      {
        name: 'latency',
        heading: 'Latency',
        caption: latencyCaption(summary),
        draw: (room) => latencyFigure({ ...summary, room }),
      },
    ],
  };
}

export const compareKind = defineSummary({
  kind: 'compare',
  title:
    'Systems over the same problems: accuracy, times, and the loop against each of the others.',
  shape: compareSummary,
  page: comparePage,
});
