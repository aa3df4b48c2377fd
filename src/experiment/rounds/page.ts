/** `rounds.html` */
import { warned, type Page } from '../../plot/page/page.js';
import { defineSummary } from '../shared/experiment.js';
import { judgedSections } from '../shared/judgedFigure.js';
import { generationModesCaption, generationModesFigure } from './figures/generationModes.js';
import { roundAccuracyCaption, roundAccuracyFigure } from './figures/roundAccuracy.js';
import { roundScoresCaption, roundScoresFigure } from './figures/roundScores.js';
import { roundsSummary, type RoundsSummary } from './shape.js';

/** What the loop does round by round, over many answers. */
export function correctionRoundsPage(summary: RoundsSummary): Page {
  return {
    title: 'Answers by number of correction rounds',
    introduction: `Upstream: ${summary.upstream}. A loop has at most ${summary.maxRounds} rounds.${warned(summary.warnings)}`,
    sections: [
      {
        name: 'accuracy-by-round',
        heading: 'Accuracy by round',
        caption: roundAccuracyCaption(summary),
        draw: (room) => roundAccuracyFigure({ ...summary, room }),
      },
      {
        name: 'scores-by-round',
        heading: 'Scores and length by round',
        caption: roundScoresCaption(summary),
        draw: (room) => roundScoresFigure({ ...summary, room }),
      },
      {
        name: 'generation-modes',
        heading: 'Classic and continue',
        caption: generationModesCaption(summary),
        draw: (room) => generationModesFigure({ ...summary, room }),
      },
      ...judgedSections(summary.judged, 'rounds'),
    ],
  };
}

export const roundsKind = defineSummary({
  kind: 'rounds',
  title:
    'Answers by number of correction rounds: how many are right, how right, and how long they are.',
  shape: roundsSummary,
  page: correctionRoundsPage,
});
