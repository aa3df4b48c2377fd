/** `evaluate.html` and `corrector.html`. */
import { warned, type Page } from '../../../plot/page/page.js';
import { defineSummary } from '../../shared/experiment.js';
import { judgedSections } from '../../shared/judgedFigure.js';
import {
  correctorCaption,
  correctorFigure,
  evaluationCaption,
  evaluationFigure,
} from '../figures/evaluation.js';
import {
  correctorSummary,
  evaluateSummary,
  type CorrectorSummary,
  type EvaluateSummary,
} from './shape.js';

/** Every system's accuracy, what it fixes and what it breaks. */
export function evaluatePage(summary: EvaluateSummary): Page {
  return {
    title: 'Evaluation',
    ...introduced(summary.warnings),
    sections: [
      {
        name: 'systems',
        heading: 'Problems answered right',
        caption: evaluationCaption(summary),
        draw: (room) => evaluationFigure({ ...summary, room }),
      },
      ...judgedSections(summary.judged, 'systems'),
    ],
  };
}

/** The sentence-level rates. */
export function correctorPage(summary: CorrectorSummary): Page {
  return {
    title: `Sentence-level rates of ${summary.model}`,
    ...introduced(summary.warnings),
    sections: [
      {
        name: 'rates',
        heading: 'What it does with each kind of sentence',
        caption: correctorCaption(summary),
        draw: (room) => correctorFigure({ ...summary, room }),
      },
    ],
  };
}

function introduced(warnings: readonly string[] | undefined): Pick<Page, 'introduction'> {
  return warnings ? { introduction: warned(warnings).trim() } : {};
}

export const evaluateKind = defineSummary({
  kind: 'evaluate',
  title:
    'How many problems each system answers right, what it fixes and breaks, and how fast it is.',
  shape: evaluateSummary,
  page: evaluatePage,
});

export const correctorKind = defineSummary({
  kind: 'corrector',
  title: 'Sentence-level rates of a corrector on recorded quadruples.',
  shape: correctorSummary,
  page: correctorPage,
});
