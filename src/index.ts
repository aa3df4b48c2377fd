/** The public surface of aligner-lab, floor by floor. */

// Data: problems, an exact solver, preference quadruples.
export * from './data/types.js';
export { generateRows, generatedKinds, annotateSamples, correctAnswers } from './data/dataset.js';
export { readAnnotatedQuadruples, readQuadruples } from './data/jsonl.js';
export { generateProblems, problemById } from './data/problems.js';
export { annotate, isRight } from './data/solver.js';

// Mathematics: seeded random numbers, which summaries take.
export { createRandom, type Random } from './math/random.js';

// Text: sentences, edit metrics, answers.
export { splitSentences, createSentenceCutter } from './text/sentences.js';
export { editMetrics, type EditMetrics } from './text/edits.js';

// Graph surgery: bytes in, bytes out.
export { inspectDecoder } from './onnx/inspect.js';
export { instrument } from './onnx/instrument.js';
export { instrumentLoop } from './onnx/loop.js';
export { proxyTuned, type ProxyModels } from './onnx/proxy.js';
export type { DecoderLayout } from './onnx/layout.js';

// Models: loading, forward, generation, steering.
export {
  loadDecoder,
  loadLanguageModel,
  type LoadOptions,
  type ProxyOptions,
} from './runtime/load.js';
export { findModel, listEmbedded, type ModelFiles } from './runtime/modelFiles.js';
export { resolveModel } from './runtime/resolveModel.js';
export type { DownloadProgress, HubOptions } from './runtime/hubSettings.js';
export type * from './runtime/decoder.js';
export type * from './runtime/steering.js';

// The loop: upstream, corrector, Aligner.
export { createLocalUpstream, type Upstream } from './align/upstream.js';
export { createCorrector, type Corrector, type Correction } from './align/corrector.js';
export { alignerAsCorrector, createAligner, type Aligner } from './align/aligner.js';
export { alignAnswers, alignBatch, alignStream, type AlignedAnswer } from './align/stream.js';
export type { LoopLimits, Round } from './align/loop.js';

// Reading: stimuli, directions, scans.
export { labelStimuli, type Stimulus } from './read/stimuli.js';
export { readStimuli, writeStimuli } from './read/stimuliFile.js';
export { makeDirections, type Directions } from './read/directions.js';
export { extractDirections } from './read/extract.js';
export { loadDirections, readDirections, saveDirections } from './read/directionFile.js';
export { importWarnings } from './read/importedDirections.js';
export type * from './read/storedDirections.js';
export { assessHealth, type Health } from './read/health.js';
export { latScan, type Scan } from './read/latScan.js';

// Experiments: steering sweeps, evaluation.
export { readCorrector, type CorrectorReading } from './experiment/readCorrector.js';
export { runSweep, type SweepOptions } from './experiment/sweep.js';
export { runCausal } from './experiment/causal.js';
export type { CausalOptions } from './experiment/causalOptions.js';
export { causalProblems } from './experiment/causalCases.js';
export type { CausalProblem, CausalRecord } from './experiment/causalTypes.js';
export { runLens, type LensOptions } from './experiment/lens.js';
export { settlingEffect } from './experiment/lensSummary.js';
export type { LensRecord } from './experiment/lensTypes.js';
export { readAligner, recordAnswers } from './experiment/wholeAnswers.js';
export { sweepProblems, isRightAnswer } from './experiment/sweepProblems.js';
export { layerCoefficients, steeringUnit } from './experiment/steeringUnit.js';
export { runEvaluation } from './experiment/evaluation.js';
export { summariseEvaluate } from './experiment/evaluateSummary.js';
export { summariseCorrector } from './experiment/correctorSummary.js';
export { runRounds } from './experiment/rounds.js';
export { roundsDifference, roundsTrend } from './experiment/roundsEffects.js';
export { runCompare, streamAnswers } from './experiment/compare.js';
export { accuracyDifference, firstTextRatio, perTokenRatio } from './experiment/compareEffects.js';
export type { RoundsOptions, RoundsRecord } from './experiment/roundsTypes.js';
export type { CompareOptions, CompareRecord } from './experiment/compareTypes.js';

// The paper's findings: rules written before any run, and their verdicts.
export { paperFindings, judgePaper, type ReportFinding } from './experiment/paperFindings.js';
export { judgeFindings, type Finding, type FindingRule } from './experiment/findings.js';
export { bestStrength, tryStrengths } from './experiment/proxyStrength.js';
export { planParts, type ReproduceModels } from './experiment/reproducePlan.js';
export { Results, type PartResults } from './experiment/reproduceResults.js';

// Records and figures.
export { openRun, type Run, type RunConfiguration } from './record/run.js';
export type * from './record/summaries.js';
export { latScanFigure, latScanCaption } from './plot/latScan.js';
export { activityFigure, activityCaption } from './plot/activity.js';
export { layerAccuracyFigure, layerAccuracyCaption } from './plot/layerAccuracy.js';
export { methodComparisonFigure, methodComparisonCaption } from './plot/methodComparison.js';
export { steeringCurveFigure, steeringCurveCaption } from './plot/steeringCurve.js';
export { effectMapFigure, effectMapCaption } from './plot/effectMap.js';
export { layerControlsFigure, layerControlsCaption } from './plot/layerControls.js';
export { ablationFigure, ablationCaption } from './plot/ablation.js';
export { patchMapFigure, patchMapCaption } from './plot/patching.js';
export { boundaryPatchFigure, boundaryPatchCaption } from './plot/patching.js';
export { lensFigure, lensCaption, settlingFigure, settlingCaption } from './plot/lens.js';
export { causalPartsHtml, causalPartsCaption } from './plot/causalParts.js';
export { evaluationFigure, evaluationCaption } from './plot/evaluation.js';
export { correctorFigure, correctorCaption } from './plot/evaluation.js';
export { roundAccuracyFigure, roundAccuracyCaption } from './plot/roundAccuracy.js';
export { roundScoresFigure, roundScoresCaption } from './plot/roundScores.js';
export { generationModesFigure, generationModesCaption } from './plot/generationModes.js';
export { accuracyTimeFigure, accuracyTimeCaption } from './plot/accuracyTime.js';
export { systemComparisonFigure, systemComparisonCaption } from './plot/systemComparison.js';
export { latencyFigure, latencyCaption } from './plot/latency.js';
export { tokenReadingHtml, tokenReadingCaption, type TokenReading } from './plot/tokens.js';
export { roundsHtml, roundsCaption, type ShownRound } from './plot/rounds.js';
export { terminalScan } from './plot/terminal.js';
export type { Figure } from './plot/figure.js';

// Pages, pictures, notebooks.
export { scanPage, sweepPage, evaluatePage, correctorPage, healthPage } from './plot/pages.js';
export { correctionRoundsPage, comparePage } from './plot/pages.js';
export { causalPage, lensPage, roundsPage, summaryPage } from './plot/pages.js';
export type * from './plot/page.js';
export { reportPage } from './plot/reportPage.js';
export { reportMarkdown } from './plot/reportMarkdown.js';
export { renderPage } from './plot/html.js';
export { exportPages, type ExportOptions, type FigureFormat } from './plot/export.js';
export { findBrowser } from './plot/browser.js';
export { openPainter, columnWidths, type Painter, type PaperSize } from './plot/painter.js';
export { openNotebook, type Notebook, type NotebookOptions } from './plot/notebook.js';
