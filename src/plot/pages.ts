/** The pages of the run folders: each summary as its figures. */
import type {
  CorrectorSummary,
  EvaluateSummary,
  ScanSummary,
  SweepSummary,
} from '../record/summaries.js';
import { correctorFigure, evaluationFigure } from './evaluation.js';
import { figurePage } from './html.js';
import type { PageSection } from './html.js';
import { latScanCaption, latScanFigure } from './latScan.js';
import { activityCaption, activityFigure, layerAccuracyFigure } from './layers.js';
import { steeringCurveCaption, steeringCurveFigure } from './steeringCurve.js';

/** `scan.html`: heat maps, activity and accuracy per layer. */
export function scanPage(options: { summary: ScanSummary; plotly?: string }): string {
  const { summary, plotly } = options;
  const { cases, standardize, activity, teacherForced, perLayer, baselines, health } = summary;
  const sections: PageSection[] = [
    {
      heading: 'LAT scan',
      caption: latScanCaption({ cases, standardize }),
      figure: latScanFigure({ cases, standardize }),
    },
  ];
  const curves = [
    ['Activity per layer', activity, ''],
    ['Activity per layer, identical output tokens', teacherForced, ' Teacher-forced.'],
  ] as const;
  for (const [heading, values, note] of curves) {
    if (values === undefined) continue;
    sections.push({
      heading,
      caption: activityCaption({ activity: values }) + note,
      figure: activityFigure({ activity: values, standardize }),
    });
  }
  sections.push({
    heading: 'Held-out accuracy per layer',
    caption:
      'Unpaired accuracy at the boundary token on held-out stimuli, threshold from the training ' +
      'stimuli; bars: 95 % intervals.',
    figure: layerAccuracyFigure({ perLayer, ...(baselines && { baselines }) }),
  });
  const { model, device, layers, direction } = summary;
  const warnings = (health?.warnings ?? []).map((warning) => ` Warning: ${warning}.`).join('');
  return figurePage({
    title: `LAT scan of ${model}`,
    introduction: `${layers} layers, direction by ${direction.method}, on ${device}.${warnings}`,
    sections,
    ...(plotly !== undefined && { plotly }),
  });
}

/** `sweep.html`: one steering curve, or one per mode. */
export function sweepPage(options: {
  summaries: readonly [SweepSummary, ...SweepSummary[]];
  plotly?: string;
}): string {
  const { summaries, plotly } = options;
  const { model, method, layers } = summaries[0];
  return figurePage({
    title: `Steering ${model}`,
    introduction: `Direction by ${method}, added at ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')}.`,
    sections: summaries.map((summary) => ({
      heading: `Steering curve, ${summary.mode} mode`,
      caption: steeringCurveCaption(summary),
      figure: steeringCurveFigure(summary),
    })),
    ...(plotly !== undefined && { plotly }),
  });
}

/** `evaluate.html`: every system's accuracy, what it fixes and what it breaks. */
export function evaluatePage(options: { summary: EvaluateSummary; plotly?: string }): string {
  const { summary, plotly } = options;
  const counts = summary.systems.map(({ name, n }) => `${name} n = ${n}`).join(', ');
  return figurePage({
    title: 'Evaluation',
    sections: [
      {
        heading: 'Problems answered right',
        caption: `Bars: 95 % intervals. Problems: ${counts}.`,
        figure: evaluationFigure(summary),
      },
    ],
    ...(plotly !== undefined && { plotly }),
  });
}

/** `corrector.html`: the sentence-level rates. */
export function correctorPage(options: { summary: CorrectorSummary; plotly?: string }): string {
  const { summary, plotly } = options;
  return figurePage({
    title: `Sentence-level rates of ${summary.model}`,
    sections: [
      {
        heading: 'What it does with each kind of sentence',
        caption: `On ${summary.n} recorded quadruples; bars: 95 % intervals.`,
        figure: correctorFigure(summary),
      },
    ],
    ...(plotly !== undefined && { plotly }),
  });
}
