/** The public surface of aligner-lab, floor by floor. */

// Data: problems, an exact solver, preference quadruples.
export * from './data/types.js';
export { generateRows, generatedKinds, annotateSamples, correctAnswers } from './data/dataset.js';
export type * from './data/dataset.js';
export type { Sample } from './data/quadruples.js';
export type { Solution } from './data/corpus.js';
export {
  readAnnotatedQuadruples,
  streamPreferences,
  streamRecordedAnswers,
  streamVerdicts,
  type ReadDataOptions,
} from './data/questionRows.js';
export { describeReport, type DataReport } from './data/report.js';
export type { DataPlace, DataSource } from './data/files/place.js';
export { generateProblems, problemById, type ProblemsOptions } from './data/problems.js';
export { openQuestions, type OpenQuestionsOptions } from './data/questionSets.js';
export { readQuestions, type AnsweredQuestion } from './data/questions.js';
export { annotate, isRight, type Place } from './data/solver.js';
export { findData, type FindDataOptions } from './runtime/resolveData.js';

// Mathematics: seeded random numbers, which summaries take.
export { createRandom, type Random } from './math/random.js';
export type { Effect } from './math/effect.js';

// Text: sentences, edit metrics, answers.
export { splitSentences, createSentenceCutter } from './text/sentences.js';
export type { SentenceCutter, SentenceCutterOptions } from './text/sentences.js';
export { editMetrics, type EditMetrics } from './text/edits.js';
export {
  editMetricTable,
  type EditMetric,
  type EditMetricName,
  type OwnEditMetric,
} from './text/editMetricTable.js';

// Graph surgery: bytes in, bytes out.
export { applyAdapter, type ApplyOptions } from './onnx/adapter/apply.js';
export { readAdapter, type Adapter, type AdapterFiles, type LowRank } from './onnx/adapter/file.js';
export { inspectDecoder } from './onnx/inspect.js';
export { instrument } from './onnx/instrument.js';
export { instrumentLoop } from './onnx/loop/loop.js';
export { proxyTuned, type ProxyModels } from './onnx/proxy.js';
export type {
  DecoderLayout,
  InstrumentedModel,
  InstrumentOptions,
  LoopGraphOptions,
} from './onnx/layout.js';

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

// Servers: what is asked of them, counted and held to a budget.
export { Meter, type Budget, type Price, type Traffic } from './wire/meter.js';
export { openPaidAnswers } from './record/paidAnswers.js';
export type { ServedSampling } from './wire/ways.js';

// A model to play with: write, read, steer, patch, lens.
export { createModel, open } from './read/model/model.js';
export type * from './read/model/model.js';
export type * from './read/model/patchText.js';
export type * from './read/model/readText.js';
export type * from './read/model/steer.js';
export type * from './read/model/predictions.js';
export type { Prompt, PromptOptions } from './read/model/prompt.js';
export { lensLogits } from './read/model/lens.js';

// The loop: upstream, corrector, Aligner.
export * from './align/open.js';
export * from './align/functions.js';
export { requireReadable, requireModel } from './align/readable.js';
export { openAnnotator, type Annotator } from './align/served/annotator.js';
export type { ServedAnnotation } from './align/served/annotation.js';
export type { ServerOptions } from './align/served/open.js';
export type { OpenPaid, PaidAnswer, PaidAnswers } from './align/served/tapes.js';
export type { Opened } from './align/opened.js';
export type { Identity } from './runtime/identity.js';
export { createLocalUpstream, type LocalUpstreamOptions, type Upstream } from './align/upstream.js';
export type {
  LocalUpstream,
  UpstreamInput,
  UpstreamOptions,
  UpstreamText,
} from './align/upstream.js';
export { createCorrector } from './align/corrector.js';
export type * from './align/corrector.js';
export { alignerAsCorrector, createAligner } from './align/aligner.js';
export type * from './align/aligner.js';
export type * from './align/prompts.js';
export { alignAnswers, alignBatch, alignStream } from './align/stream.js';
export type * from './align/stream.js';
export type { LoopLimits, Round } from './align/loop.js';

// Reading: stimuli, directions, scans.
export { boundaryStates, meanNorms, stateAt } from './read/states.js';
export { exportStates, type ExportStatesOptions, type StateRow } from './read/exportStates.js';
export type { StatePositions } from './read/statePositions.js';
export type { AnyStates, BoundaryOptions, FetchedStates, States } from './read/states.js';
export { dropStates } from './read/spilledStates.js';
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
export type { ReadOptions } from './read/files/directionFile.js';
export { importWarnings } from './read/files/importedDirections.js';
export { withSignature } from './read/stateSignature.js';
export type * from './read/files/storedDirections.js';
export {
  boundaryNorms,
  steeredTexts,
  type SteeredText,
  type SteeredTextsOptions,
} from './read/model/steeredTexts.js';
export { assessHealth, type HealthOptions } from './read/health.js';
export type { Health } from './read/healthTypes.js';
export { latScan, type Scan, type ScanOptions } from './read/latScan.js';

// Judges: scorers of answers, preferences between them, judges of sentences.
export { exactSolver, exactSentences } from './judge/solver.js';
export { answerEquivalence } from './judge/equivalence.js';
export { preferenceFromFunction, scorerFromFunction } from './judge/fromFunction.js';
export type { FunctionInfo } from './judge/fromFunction.js';
export { openJudge, openScorer, type OpenJudgeOptions } from './judge/open.js';
export type { Judge } from './judge/judge.js';
export { criterionNames, readCriterion, type Criterion } from './judge/criterion.js';
export { openClassifier, type ClassifierOptions, type OpenedScorer } from './judge/classifier.js';
export { winRates, lengthControlledRate } from './judge/winRates.js';
export type { ComparedPair, JudgedPair, WinRates } from './judge/winRates.js';
export { comparePairs, preferenceFromScorer } from './judge/preference.js';
export type * from './judge/preference.js';
export type * from './judge/scorer.js';
export type { SentenceJudge, SentencePlace } from './judge/sentences.js';
export { judgesFor, type Judges } from './judge/judgesFor.js';

// What experiments begin with: stimuli, a direction, its norms, the unit of the coefficient.
export { findStimuli, type FindStimuliOptions } from './experiment/shared/reading/findStimuli.js';
export type { LabelHow } from './experiment/shared/reading/labels.js';
export { describeLabels } from './read/labelCounts.js';
export type * from './read/labelCounts.js';
export { readConcept } from './experiment/shared/reading/readConcept.js';
export type {
  ConceptReading,
  ReadConceptOptions,
} from './experiment/shared/reading/readConcept.js';
export { stimulusTokens } from './experiment/shared/reading/stimulusTokens.js';
export {
  basisOfReading,
  basisOfStored,
  storedReading,
  type SteeringBasis,
} from './experiment/shared/reading/steeringBasis.js';
export {
  typicalNorms,
  type TypicalNormsOptions,
} from './experiment/shared/reading/typicalNorms.js';
export { readCorrector, readLabelled } from './experiment/shared/reading/readCorrector.js';
export type * from './experiment/shared/reading/readCorrector.js';
export { readAligner, recordAnswers } from './experiment/shared/wholeAnswers.js';
export type { WholeAnswerOptions } from './experiment/shared/wholeAnswers.js';
export { layerCoefficients, steeringUnit } from './experiment/shared/steeringUnit.js';
export type { SteeringUnit } from './experiment/shared/steeringUnit.js';
export { openSteering, type OpenSteeringOptions } from './experiment/shared/openSteering.js';
export {
  makeKnob,
  rowSteering,
  steerBy,
  type SteeringKnob,
} from './experiment/shared/steeringKnob.js';
export { locateDirection, readSteering } from './read/files/steeringFile.js';
export type { DirectionPlace, SavedSteering } from './read/files/steeringFile.js';

// Experiments, a room each: sweep, causal, lens, scan, answers, rounds.
export { experiments } from './experiment/registry.js';
export type {
  Experiment,
  ExperimentEntry,
  OpenExperiment,
  Outcome,
  SummaryKind,
} from './experiment/shared/experiment.js';
export type { OptionShapes, OptionValues } from './shape/options.js';
export { runSweep } from './experiment/sweep/run.js';
export type { SweepOptions } from './experiment/sweep/options.js';
export { sweepProblems, type SweepProblem } from './experiment/sweep/problems.js';
export type { SweepRecord, SweepSummary } from './experiment/sweep/shape.js';
export { runCausal } from './experiment/causal/run.js';
export type { CausalOptions } from './experiment/causal/options.js';
export { causalProblems, type CausalProblem } from './experiment/causal/problems.js';
export type { CausalRecord, CausalSummary } from './experiment/causal/shape.js';
export { runLens, type LensOptions } from './experiment/lens/run.js';
export { settlingEffect } from './experiment/lens/summary.js';
export type { LensReading, LensRecord, LensSummary } from './experiment/lens/shape.js';
export type { HealthSummary, ScanCase, ScanSummary } from './experiment/scan/shape.js';
export type { Standardize } from './experiment/scan/shape.js';
export { answerQuestions, type AnswersOptions } from './experiment/answers/run.js';
export type { System, SystemAnswer, SystemRequest } from './experiment/answers/systems.js';
export { runEvaluation, type EvaluationOptions } from './experiment/answers/evaluate/run.js';
export { summariseEvaluate } from './experiment/answers/evaluate/summary.js';
export { summariseCorrector } from './experiment/answers/evaluate/correctorSummary.js';
export type { CorrectorSummary, EvaluateSummary } from './experiment/answers/evaluate/shape.js';
export {
  runCompare,
  streamAnswers,
  type CompareOptions,
} from './experiment/answers/compare/run.js';
export {
  accuracyDifference,
  firstTextRatio,
  perTokenRatio,
  type PairOptions,
} from './experiment/answers/compare/effects.js';
export type { CompareSummary } from './experiment/answers/compare/shape.js';
export type {
  AnswerRecord,
  CompareRecord,
  CorrectionRecord,
  EvaluationRecord,
  TimingRecord,
} from './experiment/answers/shape.js';
export { bestStrength, tryStrengths } from './experiment/answers/proxyStrength.js';
export type { StrengthOptions, StrengthRecord } from './experiment/answers/proxyStrength.js';
export { runRounds, type RoundsOptions } from './experiment/rounds/run.js';
export { roundsDifference, roundsTrend } from './experiment/rounds/effects.js';
export type { RoundsDifferenceOptions, RoundsTrendOptions } from './experiment/rounds/effects.js';
export type { RoundsRecord, RoundsSummary } from './experiment/rounds/shape.js';

// The paper: rules written before any run, their verdicts, the report.
export { paperFindings, judgePaper, type ReportFinding } from './reproduce/paper/verdicts.js';
export type { PaperFinding } from './reproduce/paper/finding.js';
export { judgeFindings, type Finding, type FindingRule } from './reproduce/findings.js';
export type { Measured } from './reproduce/findings.js';
export { planParts } from './reproduce/plan.js';
export type { Extent, PaperJudge, Part, ReproduceModels } from './reproduce/plan.js';
export { Results, type PartResults } from './reproduce/results.js';
export { reportPage, type PartPages } from './reproduce/report/page.js';
export { reportMarkdown } from './reproduce/report/markdown.js';
export type { ReportSummary } from './reproduce/report/shape.js';

// Records: run folders and summaries.
export { openRun, type Run } from './record/run.js';
export type * from './record/manifest.js';
export { readPlayRun, type PlayRecord, type PlayRun, type PlaySummary } from './serve/playRun.js';
export { summaryKinds } from './experiment/summaryKinds.js';

// Figures, captions, pages and pieces of HTML, by name: `figures.steeringCurve`, `pages.sweep`.
export { captions, figures, html } from './experiment/figures.js';
export { pages } from './experiment/pages.js';
export type { TokenReading } from './experiment/scan/figures/tokens.js';
export type { ShownRound } from './plot/page/rounds.js';
export type { Figure } from './plot/figure.js';
export {
  terminalScan,
  type TerminalColour,
  type TerminalScan,
} from './experiment/scan/figures/terminal.js';

// Drawing: HTML, PNG, SVG, notebooks.
export type * from './plot/page/page.js';
export { columnWidths, type FigureFormat, type PaperSize } from './plot/page/formats.js';
export { renderPage } from './plot/page/html.js';
export { markup, type Markup, type MarkupPart } from './text/markup.js';
export { exportPages, type ExportOptions } from './plot/page/export.js';
export { findBrowser, type BrowserSearch } from './plot/page/browser.js';
export { openPainter, type Painter } from './plot/page/painter.js';
export { openNotebook, type Notebook, type NotebookOptions } from './notebook/notebook.js';
