/** `lens.html`. */
import { warned, type Page } from '../../plot/page/page.js';
import { defineSummary } from '../shared/experiment.js';
import { lensCaption, lensFigure, settlingCaption, settlingFigure } from './figures/lens.js';
import { lensSummary, type LensSummary } from './shape.js';

/** Where the first output token is settled. */
export function lensPage(summary: LensSummary): Page {
  return {
    title: `Logit lens of ${summary.model}`,
    introduction: `${summary.layers} layers.${warned(summary.warnings)}`,
    sections: [
      {
        name: 'lens',
        heading: 'First output token per layer',
        caption: lensCaption(summary),
        draw: (room) => lensFigure({ ...summary, room }),
      },
      {
        name: 'settling',
        heading: 'Where it is settled',
        caption: settlingCaption(summary),
        draw: (room) => settlingFigure({ ...summary, room }),
      },
    ],
  };
}

export const lensKind = defineSummary({
  kind: 'lens',
  title:
    'The logit lens at the last prompt token: at which layer the first output token is settled.',
  shape: lensSummary,
  page: lensPage,
});
