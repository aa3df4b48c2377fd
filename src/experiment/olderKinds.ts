/** Kinds of summaries whose rooms have no entry in the registry yet, with their pages. */
import type { Page } from '../plot/page/page.js';
import {
  correctorCaption,
  correctorFigure,
  evaluationCaption,
  evaluationFigure,
} from './answers/figures/evaluation.js';
import { accuracyTimeCaption, accuracyTimeFigure } from './answers/figures/accuracyTime.js';
import { latencyCaption, latencyFigure } from './answers/figures/latency.js';
import {
  systemComparisonCaption,
  systemComparisonFigure,
} from './answers/figures/systemComparison.js';
import { generationModesCaption, generationModesFigure } from './rounds/figures/generationModes.js';
import { roundAccuracyCaption, roundAccuracyFigure } from './rounds/figures/roundAccuracy.js';
import { roundScoresCaption, roundScoresFigure } from './rounds/figures/roundScores.js';
import { defineSummary, type SummaryKind } from './shared/experiment.js';
import { compareSummary, type CompareSummary } from './answers/compareShape.js';
import {
  correctorSummary,
  evaluateSummary,
  type CorrectorSummary,
  type EvaluateSummary,
} from './answers/evaluateShape.js';
import { roundsSummary, type RoundsSummary } from './rounds/shape.js';

/** Every system's accuracy, what it fixes and what it breaks. */
export function evaluatePage(summary: EvaluateSummary): Page {
  return {
    title: 'Evaluation',
    sections: [
      {
        name: 'systems',
        heading: 'Problems answered right',
        caption: evaluationCaption(summary),
        figure: evaluationFigure(summary),
      },
    ],
  };
}

/** The sentence-level rates. */
export function correctorPage(summary: CorrectorSummary): Page {
  return {
    title: `Sentence-level rates of ${summary.model}`,
    sections: [
      {
        name: 'rates',
        heading: 'What it does with each kind of sentence',
        caption: correctorCaption(summary),
        figure: correctorFigure(summary),
      },
    ],
  };
}

/** What the loop does round by round, over many answers. */
export function correctionRoundsPage(summary: RoundsSummary): Page {
  return {
    title: 'Answers by number of correction rounds',
    introduction: `Upstream: ${summary.upstream}. A loop has at most ${summary.maxRounds} rounds.`,
    sections: [
      {
        name: 'accuracy-by-round',
        heading: 'Accuracy by round',
        caption: roundAccuracyCaption(summary),
        figure: roundAccuracyFigure(summary),
      },
      {
        name: 'scores-by-round',
        heading: 'Scores and length by round',
        caption: roundScoresCaption(summary),
        figure: roundScoresFigure(summary),
        narrow: roundScoresFigure({ ...summary, narrow: true }),
      },
      {
        name: 'generation-modes',
        heading: 'Classic and continue',
        caption: generationModesCaption(summary),
        figure: generationModesFigure(summary),
        narrow: generationModesFigure({ ...summary, narrow: true }),
      },
    ],
  };
}

/** Systems compared: accuracy, time, size. */
export function comparePage(summary: CompareSummary): Page {
  return {
    title: 'Systems compared',
    introduction: `Upstream: ${summary.upstream}.`,
    sections: [
      {
        name: 'accuracy-time',
        heading: 'Accuracy and time',
        caption: `${accuracyTimeCaption(summary)} At equal time: ${summary.equalTimeRule}.`,
        figure: accuracyTimeFigure(summary),
      },
      {
        name: 'systems-by-size',
        heading: 'Systems by size',
        caption: systemComparisonCaption(summary),
        figure: systemComparisonFigure(summary),
      },
      {
        name: 'latency',
        heading: 'Latency',
        caption: latencyCaption(summary),
        figure: latencyFigure(summary),
        narrow: latencyFigure({ ...summary, narrow: true }),
      },
    ],
  };
}

/** Summaries whose rooms have no entry in the registry yet. */
export const olderKinds: readonly SummaryKind[] = [
  defineSummary({
    kind: 'evaluate',
    title:
      'How many problems each system answers right, what it fixes and breaks, and how fast it is.',
    shape: evaluateSummary,
    page: evaluatePage,
  }),
  defineSummary({
    kind: 'corrector',
    title: 'Sentence-level rates of a corrector on recorded quadruples.',
    shape: correctorSummary,
    page: correctorPage,
  }),
  defineSummary({
    kind: 'rounds',
    title:
      'Answers by number of correction rounds: how many are right, how right, and how long they are.',
    shape: roundsSummary,
    page: correctionRoundsPage,
  }),
  defineSummary({
    kind: 'compare',
    title:
      'Systems over the same problems: accuracy, times, and the loop against each of the others.',
    shape: compareSummary,
    page: comparePage,
  }),
];
