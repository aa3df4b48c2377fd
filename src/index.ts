/** The public surface of aligner-lab, floor by floor. */

// Data: problems, an exact solver, preference quadruples.
export { columnWidths, type FigureFormat, type PaperSize } from './plot/page/formats.js';
export * from './data/types.js';
export { generateRows, generatedKinds, annotateSamples, correctAnswers } from './data/dataset.js';
export { readAnnotatedQuadruples, readQuadruples } from './data/jsonl.js';
export { generateProblems, problemById } from './data/problems.js';
export { openQuestions, readQuestions, type OpenQuestionsOptions } from './data/questions.js';
export { annotate, isRight } from './data/solver.js';

// Mathematics: seeded random numbers, which summaries take.
export { createRandom, type Random } from './math/random.js';

// Text: sentences, edit metrics, answers.
export { splitSentences, createSentenceCutter } from './text/sentences.js';
export { editMetrics, type EditMetrics } from './text/edits.js';
export {
  editMetricTable,
  type EditMetric,
  type EditMetricName,
  type OwnEditMetric,
} from './text/editMetricTable.js';

// Graph surgery: bytes in, bytes out.
export { inspectDecoder } from './onnx/inspect.js';
export { instrument } from './onnx/instrument.js';
export { instrumentLoop } from './onnx/loop/loop.js';
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
export type { DownloadProgress, HubOptions } from './runtime/hub/settings.js';
export type * from './runtime/decoder.js';
export * from './runtime/steering.js';

// A model to play with: write, read, steer, patch, lens.
export { createModel, open } from './read/model/model.js';
export type * from './read/model/model.js';
export type * from './read/model/patchText.js';
export type * from './read/model/readText.js';
export type * from './read/model/steer.js';
export type * from './read/model/predictions.js';
export { lensLogits } from './read/model/lens.js';

// The loop: upstream, corrector, Aligner.
export * from './align/open.js';
export * from './align/functions.js';
export { requireReadable, requireModel } from './align/readable.js';
export type { Opened } from './align/opened.js';
export type { Identity } from './runtime/identity.js';
export { createLocalUpstream, type LocalUpstreamOptions, type Upstream } from './align/upstream.js';
export type { UpstreamInput, UpstreamOptions, UpstreamText } from './align/upstream.js';
export { createCorrector } from './align/corrector.js';
export type * from './align/corrector.js';
export { alignerAsCorrector, createAligner } from './align/aligner.js';
export type * from './align/aligner.js';
export { alignAnswers, alignBatch, alignStream, type AlignedAnswer } from './align/stream.js';
export type { LoopLimits, Round } from './align/loop.js';

// Reading: stimuli, directions, scans.
export { boundaryStates, meanNorms, stateAt } from './read/states.js';
export type { BoundaryOptions, States } from './read/states.js';
export type * from './read/stimuli.js';
export { labelStimuli, type LabelOptions } from './read/labelling.js';
export { readStimuli, writeStimuli } from './read/stimuliFile.js';
export { readGivenStimuli, type GivenOptions } from './read/givenStimuli.js';
export {
  directionAt,
  makeDirections,
  trainingStates,
  type DirectionOptions,
  type Directions,
  type LabelledStates,
} from './read/directions.js';
export type { Contrast, FindDirection } from './read/methods/contrast.js';
export { type OwnMethod } from './read/methods/table.js';
export { methodNames, type Method } from './read/methods/names.js';
export { extractDirections, type ExtractOptions, type Extracted } from './read/extract.js';
export { loadDirections, readDirections, saveDirections } from './read/files/directionFile.js';
export { importWarnings } from './read/files/importedDirections.js';
export type * from './read/files/storedDirections.js';
export {
  boundaryNorms,
  steeredTexts,
  type SteeredText,
  type SteeredTextsOptions,
} from './read/model/steeredTexts.js';
export { typicalNorms, type TypicalNormsOptions } from './experiment/shared/typicalNorms.js';
export { assessHealth } from './read/health.js';
export type { Health } from './read/healthTypes.js';
export { latScan, type Scan } from './read/latScan.js';

// Judges: scorers of answers, preferences between them, judges of sentences.
export { exactSolver, exactSentences } from './judge/solver.js';
export { answerEquivalence } from './judge/equivalence.js';
export { preferenceFromFunction, scorerFromFunction } from './judge/fromFunction.js';
export { preferenceFromScorer, type Preference } from './judge/preference.js';
export type { Score, ScoredItem, Scorer } from './judge/scorer.js';
export type { SentenceJudge, SentencePlace } from './judge/sentences.js';

// Experiments: steering sweeps, evaluation.
export { findStimuli, type FindStimuliOptions } from './experiment/shared/findStimuli.js';
export { readConcept, type ReadConceptOptions } from './experiment/shared/readConcept.js';
export { stimulusTokens } from './experiment/shared/stimulusTokens.js';
export {
  basisOfReading,
  basisOfStored,
  storedReading,
  type SteeringBasis,
} from './experiment/shared/steeringBasis.js';
export {
  readCorrector,
  readLabelled,
  type CorrectorReading,
  type Reading,
} from './experiment/shared/readCorrector.js';
export { runSweep, type SweepOptions } from './experiment/sweep/run.js';
export { runCausal } from './experiment/causal/run.js';
export type { CausalOptions } from './experiment/causal/options.js';
export { causalProblems } from './experiment/causal/problems.js';
export type { CausalProblem } from './experiment/causal/problems.js';
export type * from './experiment/causal/shape.js';
export { runLens, type LensOptions } from './experiment/lens/run.js';
export { settlingEffect } from './experiment/lens/summary.js';
export type { LensRecord } from './experiment/lens/shape.js';
export { readAligner, recordAnswers } from './experiment/shared/wholeAnswers.js';
export { sweepProblems } from './experiment/sweep/problems.js';
export { layerCoefficients, steeringUnit } from './experiment/shared/steeringUnit.js';
export { runEvaluation } from './experiment/answers/evaluation.js';
export { summariseEvaluate } from './experiment/answers/evaluateSummary.js';
export { summariseCorrector } from './experiment/answers/correctorSummary.js';
export { runRounds } from './experiment/rounds/run.js';
export { roundsDifference, roundsTrend } from './experiment/rounds/effects.js';
export { runCompare, streamAnswers } from './experiment/answers/compare.js';
export {
  accuracyDifference,
  firstTextRatio,
  perTokenRatio,
} from './experiment/answers/compareEffects.js';
export type { RoundsOptions } from './experiment/rounds/run.js';
export type { RoundsRecord, RoundsSummary } from './experiment/rounds/shape.js';
export type { CompareOptions } from './experiment/answers/compare.js';
export type { CompareRecord } from './experiment/answers/shape.js';
export type { CompareSummary } from './experiment/answers/compareShape.js';
export type { CorrectorSummary, EvaluateSummary } from './experiment/answers/evaluateShape.js';

// The paper's findings: rules written before any run, and their verdicts.
export { paperFindings, judgePaper, type ReportFinding } from './reproduce/paper/verdicts.js';
export { judgeFindings, type Finding, type FindingRule } from './reproduce/findings.js';
export { bestStrength, tryStrengths } from './experiment/answers/proxyStrength.js';
export { planParts, type ReproduceModels } from './reproduce/plan.js';
export { Results, type PartResults } from './reproduce/results.js';

// Records and figures.
export { openRun, type Run } from './record/run.js';
export type * from './record/manifest.js';
export { latScanFigure, latScanCaption } from './experiment/scan/figures/latScan.js';
export { activityFigure, activityCaption } from './experiment/scan/figures/activity.js';
export {
  layerAccuracyFigure,
  layerAccuracyCaption,
} from './experiment/scan/figures/layerAccuracy.js';
export {
  methodComparisonFigure,
  methodComparisonCaption,
} from './experiment/scan/figures/methodComparison.js';
export {
  steeringCurveFigure,
  steeringCurveCaption,
} from './experiment/sweep/figures/steeringCurve.js';
export { effectMapFigure, effectMapCaption } from './experiment/causal/figures/effectMap.js';
export {
  layerControlsFigure,
  layerControlsCaption,
} from './experiment/causal/figures/layerControls.js';
export { ablationFigure, ablationCaption } from './experiment/causal/figures/ablation.js';
export { patchMapFigure, patchMapCaption } from './experiment/causal/figures/patching.js';
export { boundaryPatchFigure, boundaryPatchCaption } from './experiment/causal/figures/patching.js';
export {
  lensFigure,
  lensCaption,
  settlingFigure,
  settlingCaption,
} from './experiment/lens/figures/lens.js';
export { causalPartsHtml, causalPartsCaption } from './experiment/causal/figures/parts.js';
export { evaluationFigure, evaluationCaption } from './experiment/answers/figures/evaluation.js';
export { correctorFigure, correctorCaption } from './experiment/answers/figures/evaluation.js';
export {
  roundAccuracyFigure,
  roundAccuracyCaption,
} from './experiment/rounds/figures/roundAccuracy.js';
export { roundScoresFigure, roundScoresCaption } from './experiment/rounds/figures/roundScores.js';
export {
  generationModesFigure,
  generationModesCaption,
} from './experiment/rounds/figures/generationModes.js';
export {
  accuracyTimeFigure,
  accuracyTimeCaption,
} from './experiment/answers/figures/accuracyTime.js';
export {
  systemComparisonFigure,
  systemComparisonCaption,
} from './experiment/answers/figures/systemComparison.js';
export { latencyFigure, latencyCaption } from './experiment/answers/figures/latency.js';
export {
  tokenReadingHtml,
  tokenReadingCaption,
  type TokenReading,
} from './experiment/scan/figures/tokens.js';
export { roundsHtml, roundsCaption, type ShownRound } from './plot/page/rounds.js';
export { terminalScan } from './experiment/scan/figures/terminal.js';
export type { Figure } from './plot/figure.js';

// Pages, pictures, notebooks.
export { experiments } from './experiment/registry.js';
export { summaryKinds } from './experiment/summaryKinds.js';
export { scanPage } from './experiment/scan/page.js';
export { healthPage } from './experiment/health/page.js';
export { sweepPage } from './experiment/sweep/page.js';
export { causalPage } from './experiment/causal/page.js';
export { lensPage } from './experiment/lens/page.js';
export { roundsPage } from './plot/page/rounds.js';
export { evaluatePage, correctorPage, comparePage } from './experiment/olderKinds.js';
export { correctionRoundsPage } from './experiment/olderKinds.js';
export type * from './plot/page/page.js';
export { reportPage } from './reproduce/report/page.js';
export { reportMarkdown } from './reproduce/report/markdown.js';
export { renderPage } from './plot/page/html.js';
export { exportPages, type ExportOptions } from './plot/page/export.js';
export { findBrowser } from './plot/page/browser.js';
export { openPainter, type Painter } from './plot/page/painter.js';
export { openNotebook, type Notebook, type NotebookOptions } from './notebook/notebook.js';
