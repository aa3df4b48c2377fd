/** The pages of the run folders: each summary as its figures. */
import type {
  CausalSummary,
  CompareSummary,
  CorrectorSummary,
  EvaluateSummary,
  HealthSummary,
  LayerAccuracy,
  LensSummary,
  RoundsSummary,
  ScanSummary,
  Summaries,
  SummaryKind,
  SweepSummary,
} from './summaries.js';
import { ablationCaption, ablationFigure } from './causal/figures/ablation.js';
import { accuracyTimeCaption, accuracyTimeFigure } from './answers/figures/accuracyTime.js';
import { activityCaption, activityFigure } from './scan/figures/activity.js';
import { causalPartsCaption, causalPartsHtml } from './causal/figures/parts.js';
import { effectMapCaption, effectMapFigure } from './causal/figures/effectMap.js';
import {
  correctorCaption,
  correctorFigure,
  evaluationCaption,
  evaluationFigure,
} from './answers/figures/evaluation.js';
import { generationModesCaption, generationModesFigure } from './rounds/figures/generationModes.js';
import { latencyCaption, latencyFigure } from './answers/figures/latency.js';
import { latScanCaption, latScanFigure } from './scan/figures/latScan.js';
import { layerAccuracyCaption, layerAccuracyFigure } from './scan/figures/layerAccuracy.js';
import { layerControlsCaption, layerControlsFigure } from './causal/figures/layerControls.js';
import { lensCaption, lensFigure, settlingCaption, settlingFigure } from './lens/figures/lens.js';
import {
  methodComparisonCaption,
  methodComparisonFigure,
} from './scan/figures/methodComparison.js';
import type { FigureSection, HtmlSection, Page } from '../plot/page/page.js';
import {
  boundaryPatchCaption,
  boundaryPatchFigure,
  patchMapCaption,
  patchMapFigure,
} from './causal/figures/patching.js';
import { roundAccuracyCaption, roundAccuracyFigure } from './rounds/figures/roundAccuracy.js';
import { roundsCaption, roundsHtml, type ShownRound } from '../plot/page/rounds.js';
import { roundScoresCaption, roundScoresFigure } from './rounds/figures/roundScores.js';
import { steeringCurveCaption, steeringCurveFigure } from './sweep/figures/steeringCurve.js';
import {
  systemComparisonCaption,
  systemComparisonFigure,
} from './answers/figures/systemComparison.js';
import { tokenReadingCaption, tokenReadingHtml } from './scan/figures/tokens.js';

/** Heat maps, the same readings over the text, activity and accuracy per layer. */
export function scanPage(summary: ScanSummary): Page {
  const { model, device, layers, direction, health } = summary;
  return {
    title: `LAT scan of ${model}`,
    introduction: `${layers} layers, direction by ${direction.method}, on ${device}.${warned(health?.warnings)}`,
    sections: [
      {
        name: 'lat-scan',
        heading: 'LAT scan',
        caption: latScanCaption(summary),
        figure: latScanFigure(summary),
        narrow: latScanFigure({ ...summary, narrow: true }),
      },
      ...tokenSections(summary),
      ...activitySections(summary),
      ...accuracySections({ ...summary, methods: health?.methods }),
    ],
  };
}

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
        figure: steeringCurveFigure(summary),
      },
    ],
  };
}

/** One layer at a time: steered, ablated, patched; and each layer's part. */
export function causalPage(summary: CausalSummary): Page {
  const { model, method, warnings, steering, positions } = summary;
  return {
    title: `Causal test of ${model}`,
    introduction: `Direction by ${method}, one layer at a time.${warned(warnings)}`,
    sections: [
      {
        heading: 'What each layer does',
        caption: causalPartsCaption(summary),
        html: causalPartsHtml(summary),
      },
      {
        name: 'steering',
        heading: 'Steering one layer at a time',
        caption: `${effectMapCaption(steering)} Steered positions: ${positions}.`,
        figure: effectMapFigure(steering),
      },
      ...controlSections(summary),
      {
        name: 'ablation',
        heading: 'The direction removed at one layer',
        caption: ablationCaption(summary),
        figure: ablationFigure(summary),
      },
      ...patchSections(summary),
    ],
  };
}

function controlSections({ controls }: CausalSummary): FigureSection[] {
  if (!controls) return [];
  const section: FigureSection = {
    name: 'layer-controls',
    heading: 'Beside random directions',
    caption: layerControlsCaption(controls),
    figure: layerControlsFigure(controls),
  };
  return [section];
}

function patchSections(summary: CausalSummary): FigureSection[] {
  const { patching, layers, data } = summary;
  // The others are patched at the boundary alone: no map.
  const maps = patching.filter(({ columns }) => columns.length > 1);
  const boundary: FigureSection = {
    name: 'boundary-patching',
    heading: 'The boundary token patched, both ways and with controls',
    caption: boundaryPatchCaption(summary),
    figure: boundaryPatchFigure(summary),
  };
  return [
    ...maps.map((map) => ({
      name: 'patching',
      heading: 'A correction’s hidden state in a copying run',
      caption: patchMapCaption({ map, pairing: data.pairing }),
      figure: patchMapFigure({ map, layers }),
    })),
    ...(patching.length > 0 ? [boundary] : []),
  ];
}

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
        figure: lensFigure(summary),
      },
      {
        name: 'settling',
        heading: 'Where it is settled',
        caption: settlingCaption(summary),
        figure: settlingFigure(summary),
      },
    ],
  };
}

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

/** How far a direction is to be trusted, beside the other methods. */
export function healthPage(summary: HealthSummary): Page {
  const { model, method, warnings } = summary;
  return {
    title: `Direction of ${model}`,
    introduction: `By ${method}.${warned(warnings)}`,
    sections: accuracySections(summary),
  };
}

/** One run of the aligner loop. */
export function roundsPage(answer: { question: string; rounds: readonly ShownRound[] }): Page {
  return {
    title: 'Aligner loop',
    introduction: answer.question,
    sections: [
      { heading: 'Round by round', caption: roundsCaption(answer), html: roundsHtml(answer) },
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

const pages: { [K in SummaryKind]: (summary: Summaries[K]) => Page } = {
  scan: scanPage,
  sweep: sweepPage,
  causal: causalPage,
  lens: lensPage,
  evaluate: evaluatePage,
  corrector: correctorPage,
  health: healthPage,
  rounds: correctionRoundsPage,
  compare: comparePage,
};

/** The page of a summary of any kind. */
export function summaryPage<K extends SummaryKind>(kind: K, summary: Summaries[K]): Page {
  return pages[kind](summary);
}

/** Of each case, the layer that tells best: where a reader would look first. */
function tokenSections(summary: ScanSummary): HtmlSection[] {
  const layer = summary.health?.bestLayer ?? bestLayer(summary.perLayer);
  return summary.cases.map((scanCase) => {
    const { standardize, labels } = summary;
    const reading = { scanCase, layer, standardize, labels };
    return {
      heading: `Readings over the text, layer ${layer}`,
      caption: tokenReadingCaption(reading),
      html: tokenReadingHtml(reading),
    };
  });
}

function bestLayer(perLayer: readonly LayerAccuracy[]): number {
  const values = perLayer.map((l) => l.heldOutAccuracy ?? -1);
  return perLayer[values.indexOf(Math.max(...values))]?.layer ?? 0;
}

function activitySections(summary: ScanSummary): FigureSection[] {
  const { activity, teacherForced, standardize, labels } = summary;
  const curves = [
    ['activity', 'Activity per layer', activity, ''],
    [
      'activity-same-tokens',
      'Activity per layer, identical output tokens',
      teacherForced,
      ' Teacher-forced.',
    ],
  ] as const;
  return curves.flatMap(([name, heading, values, note]) =>
    values === undefined
      ? []
      : [
          {
            ...{ name, heading },
            caption: activityCaption({ activity: values, labels }) + note,
            figure: activityFigure({ activity: values, standardize, labels }),
          },
        ],
  );
}

/** Accuracy per layer of the direction itself and, where known, of every method. */
function accuracySections(
  of: Pick<ScanSummary, 'perLayer' | 'baselines'> & Partial<Pick<HealthSummary, 'methods'>>,
): FigureSection[] {
  const { perLayer, baselines, methods = [] } = of;
  const n = methods[0]?.n;
  const sections: FigureSection[] = [
    {
      name: 'accuracy',
      heading: 'Held-out accuracy per layer',
      caption: layerAccuracyCaption({ ...(n !== undefined && { n }) }),
      figure: layerAccuracyFigure({ perLayer, ...(baselines && { baselines }) }),
    },
  ];
  if (methods.length === 0) return sections;
  const comparison: FigureSection = {
    name: 'methods',
    heading: 'Direction methods compared',
    caption: methodComparisonCaption({ methods }),
    figure: methodComparisonFigure({ methods }),
  };
  return [...sections, comparison];
}

function warned(warnings: readonly string[] = []): string {
  return warnings.map((warning) => ` Warning: ${warning}.`).join('');
}
