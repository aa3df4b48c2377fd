/** Figures, their captions and pieces of HTML by name: what notebooks and papers draw. */
import { accuracyTimeCaption, accuracyTimeFigure } from './answers/figures/accuracyTime.js';
import {
  correctorCaption,
  correctorFigure,
  evaluationCaption,
  evaluationFigure,
} from './answers/figures/evaluation.js';
import { latencyCaption, latencyFigure } from './answers/figures/latency.js';
import {
  systemComparisonCaption,
  systemComparisonFigure,
} from './answers/figures/systemComparison.js';
import { ablationCaption, ablationFigure } from './causal/figures/ablation.js';
import { effectMapCaption, effectMapFigure } from './causal/figures/effectMap.js';
import { layerControlsCaption, layerControlsFigure } from './causal/figures/layerControls.js';
import { causalPartsCaption, causalPartsHtml } from './causal/figures/parts.js';
import {
  boundaryPatchCaption,
  boundaryPatchFigure,
  patchMapCaption,
  patchMapFigure,
} from './causal/figures/patching.js';
import { lensCaption, lensFigure, settlingCaption, settlingFigure } from './lens/figures/lens.js';
import { roundsCaption, roundsHtml } from '../plot/page/rounds.js';
import { generationModesCaption, generationModesFigure } from './rounds/figures/generationModes.js';
import { roundAccuracyCaption, roundAccuracyFigure } from './rounds/figures/roundAccuracy.js';
import { roundScoresCaption, roundScoresFigure } from './rounds/figures/roundScores.js';
import { activityCaption, activityFigure } from './scan/figures/activity.js';
import { latScanCaption, latScanFigure } from './scan/figures/latScan.js';
import { layerAccuracyCaption, layerAccuracyFigure } from './scan/figures/layerAccuracy.js';
import {
  methodComparisonCaption,
  methodComparisonFigure,
} from './scan/figures/methodComparison.js';
import { tokenReadingCaption, tokenReadingHtml } from './scan/figures/tokens.js';
import { selectivityCaption, selectivityFigure } from './sweep/figures/selectivity.js';
import { steeringCurveCaption, steeringCurveFigure } from './sweep/figures/steeringCurve.js';

/** From the data of a summary to plotly's. */
export const figures = {
  latScan: latScanFigure,
  activity: activityFigure,
  layerAccuracy: layerAccuracyFigure,
  methodComparison: methodComparisonFigure,
  steeringCurve: steeringCurveFigure,
  selectivity: selectivityFigure,
  effectMap: effectMapFigure,
  layerControls: layerControlsFigure,
  ablation: ablationFigure,
  patchMap: patchMapFigure,
  boundaryPatch: boundaryPatchFigure,
  lens: lensFigure,
  settling: settlingFigure,
  evaluation: evaluationFigure,
  corrector: correctorFigure,
  roundAccuracy: roundAccuracyFigure,
  roundScores: roundScoresFigure,
  generationModes: generationModesFigure,
  accuracyTime: accuracyTimeFigure,
  systemComparison: systemComparisonFigure,
  latency: latencyFigure,
} as const;

/** Pieces of HTML, texts escaped. */
export const html = {
  rounds: (...given: Parameters<typeof roundsHtml>): string => roundsHtml(...given).text,
  tokenReading: (...given: Parameters<typeof tokenReadingHtml>): string =>
    tokenReadingHtml(...given).text,
  causalParts: (...given: Parameters<typeof causalPartsHtml>): string =>
    causalPartsHtml(...given).text,
} as const;

/** The caption of each figure and piece: units, n and intervals. */
export const captions = {
  latScan: latScanCaption,
  activity: activityCaption,
  layerAccuracy: layerAccuracyCaption,
  methodComparison: methodComparisonCaption,
  steeringCurve: steeringCurveCaption,
  selectivity: selectivityCaption,
  effectMap: effectMapCaption,
  layerControls: layerControlsCaption,
  ablation: ablationCaption,
  patchMap: patchMapCaption,
  boundaryPatch: boundaryPatchCaption,
  lens: lensCaption,
  settling: settlingCaption,
  evaluation: evaluationCaption,
  corrector: correctorCaption,
  roundAccuracy: roundAccuracyCaption,
  roundScores: roundScoresCaption,
  generationModes: generationModesCaption,
  accuracyTime: accuracyTimeCaption,
  systemComparison: systemComparisonCaption,
  latency: latencyCaption,
  rounds: roundsCaption,
  tokenReading: tokenReadingCaption,
  causalParts: causalPartsCaption,
} as const;
