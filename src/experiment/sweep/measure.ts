/**
 * Measuring: problems × coefficients along one direction, in either mode. What is computed together
 * follows from the unit of work alone, never from speed or from a resume.
 */
import type { Corrector, LayerSteering } from '../../align/corrector.js';
import type { LoopLimits } from '../../align/loop.js';
import { memoiseUpstream } from '../../align/memo.js';
import { alignAnswers } from '../../align/stream.js';
import type { Upstream } from '../../align/upstream.js';
import { scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Scorer } from '../../judge/scorer.js';
import {
  editMetricTable,
  perEditMetric,
  type EditMetric,
  type EditMetricName,
  type OwnEditMetric,
} from '../../text/editMetricTable.js';
import { lengthRatio } from '../../text/edits.js';
import { hasRepeatedNgram } from '../../text/repetition.js';
import type { Finish } from '../../runtime/decoder.js';
import { defaultPositions, type PositionRule } from '../../runtime/steering.js';
import { isRefused, unlessRefused } from '../answers/refused.js';
import { batchesOf, sideBySide } from '../shared/batches.js';
import { sentenceOf } from '../shared/revisions.js';
import { layerCoefficients, type SteeringUnit } from '../shared/steeringUnit.js';
import type { CaseOutcome, SweepMode } from './shape.js';
import type { RecordedRound, SweepProblem } from './problems.js';
import { editedTexts, hasSentence, isCopy } from '../../text/copied.js';
import { countNotes, type TextNote } from '../../text/notes.js';

/** Problems that are computed together, along one direction. */
export interface MeasureRequest {
  problems: readonly SweepProblem[];
  coefficients: readonly number[];
  /** `[L, D]` */
  direction: Float32Array;
  unit: SteeringUnit;
}

/** Outcomes `[problems][coefficients]`. */
export type Measure = (request: MeasureRequest) => Promise<CaseOutcome[][]>;

export interface MeasureOptions {
  mode: SweepMode;
  corrector: Corrector;
  /** L, of the corrector. */
  layers: number;
  /** Steered positions. Default {@link defaultPositions}. */
  positions?: PositionRule;
  /** Needed in loop mode. */
  upstream?: Upstream;
  /** Needed in loop mode: a yes-or-no scorer that says whether an answer is right. */
  scorer?: Scorer;
  limits?: LoopLimits;
  /**
   * Words in a run that must not occur twice in an output. Default 4; whole answers say the same
   * words sentence after sentence, so an Aligner's need more, e.g. {@link answerRepeat}.
   */
  repeat?: number;
  /** One's own is measured beside those of the table. Default `editRatio`. */
  metric?: EditMetricName | OwnEditMetric;
  /** Whether the loop keeps keys and values between rounds. Default false. */
  caches?: boolean;
  /** Rows computed together, about. Default 32. */
  batchSize?: number;
  signal?: AbortSignal;
}

/** One correction, as both modes see it. */
interface Written {
  last: string;
  correction: string;
  written?: string;
  notes?: readonly TextNote[];
  finish: Finish;
  quality?: RecordedRound['quality'];
}

/**
 * A measure for one unit of work; its upstream remembers, so that coefficients (and the directions
 * of one unit) that reach the same prefix ask it once.
 * @throws in loop mode without an upstream or a judge of answers.
 */
export function createMeasure(options: MeasureOptions): Measure {
  if (options.mode === 'fixed') return (request) => measureFixed(request, options);
  const { upstream, scorer } = options;
  if (!upstream || !scorer) {
    throw new Error(
      'sweep: loop mode needs an upstream and a scorer of answers; or use fixed mode',
    );
  }
  const remembering = memoiseUpstream(upstream);
  return (request) => measureLoop(request, { ...options, upstream: remembering, scorer });
}

async function measureFixed(
  request: MeasureRequest,
  options: MeasureOptions,
): Promise<CaseOutcome[][]> {
  const { problems, coefficients } = request;
  const inputs = problems
    .flatMap(({ question, inputs }, problem) =>
      inputs
        .filter(({ last }) => hasSentence(last))
        .map((input) => ({ problem, question, ...input })),
    )
    .map((input, at) => ({ ...input, at }));
  const rows = coefficients.map((c) => layerCoefficients(request.unit, c, options.layers));
  const correct = async (
    some: typeof inputs,
  ): Promise<(Written & { problem: number; at: number; c: number })[]> => {
    // Rows of one input have equal lengths, so they stand together.
    const batch = some.flatMap((input) =>
      rows.map((coefficient, c) => ({ ...input, coefficient, c })),
    );
    const corrections = await options.corrector.correct(batch, {
      steering: steeringOf(request, options),
      ...(options.signal && { signal: options.signal }),
    });
    return batch.map(({ problem, at, c, last, quality }, i) => {
      const correction = corrections[i];
      if (!correction) throw new Error(`sweep: the corrector gave no correction for row ${i}`);
      const { text, written, notes, finish } = correction;
      return { problem, at, c, last, quality, correction: text, written, notes, finish };
    });
  };
  // Those of like length stand together, so that little of a batch is padding.
  const byLength = [...inputs].sort((a, b) => lengthOf(a) - lengthOf(b));
  const batches = await Promise.all(inBatches(byLength, request, options).map(correct));
  const written = problems.map(() => coefficients.map((): Written[] => []));
  // In the order of the inputs, not in that in which they were computed: sums depend on it.
  const rounds = batches.flat().sort((a, b) => a.at - b.at);
  for (const round of rounds) written[round.problem]?.[round.c]?.push(round);
  return written.map((row) => row.map((rounds) => summariseRounds(rounds, null, options)));
}

/** In characters, of which tokens have about as many each. */
function lengthOf({ question, prefix, last }: RecordedRound & { question: string }): number {
  return question.length + prefix.length + last.length;
}

async function measureLoop(
  request: MeasureRequest,
  options: MeasureOptions & Required<Pick<MeasureOptions, 'upstream' | 'scorer'>>,
): Promise<CaseOutcome[][]> {
  const { problems, coefficients } = request;
  const { signal } = options;
  const rows = coefficients.map((c) => layerCoefficients(request.unit, c, options.layers));
  const align = async (batch: readonly SweepProblem[]): Promise<CaseOutcome[][]> => {
    const answers = await alignAnswers({
      ...options.limits,
      rows: batch.flatMap(({ question }) => rows.map((coefficient) => ({ question, coefficient }))),
      upstream: options.upstream,
      corrector: options.corrector,
      steering: steeringOf(request, options),
      caches: options.caches ?? false,
      signal,
    });
    const questions = batch.flatMap((question) => rows.map(() => question));
    const items = answers.flatMap(({ text }, i) => {
      const question = questions[i];
      return question ? [{ question, answer: text }] : [];
    });
    const verdicts = await scoreAnswers(items, { scorers: [options.scorer], signal });
    const outcomes = answers.map(({ text, rounds }, i) => {
      const refused = isRefused({ text, context: rounds.at(-1)?.context });
      return summariseRounds(rounds, unlessRefused(refused, verdicts[i]).right, options);
    });
    return batch.map((_, p) => outcomes.slice(p * rows.length, (p + 1) * rows.length));
  };
  // Batches ask the upstream about different questions, so its memory is no way between them.
  const outcomes: CaseOutcome[][] = [];
  const items = inBatches(problems, request, options);
  const atOnce = keepsHere(options) ? 1 : items.length;
  for await (const done of sideBySide({ items, atOnce, work: align })) outcomes.push(...done);
  return outcomes;
}

/** Then batches go one after another: each holds the keys and values of all of its rows. */
function keepsHere({
  corrector,
  upstream,
}: Pick<MeasureOptions, 'corrector' | 'upstream'>): boolean {
  return [corrector, upstream].some((model) => model?.caches?.anywhere === 'here');
}

function steeringOf(
  { direction }: MeasureRequest,
  { positions = defaultPositions }: MeasureOptions,
): LayerSteering {
  return { direction, positions };
}

/** Items whose coefficients fill a batch; batches are asked for at once, and run as models are free. */
function inBatches<T>(
  items: readonly T[],
  { coefficients }: MeasureRequest,
  options: MeasureOptions,
): T[][] {
  return batchesOf(items, itemsTogether(coefficients.length, options));
}

/** Items of a batch, each at so many coefficients. */
export function itemsTogether(
  coefficients: number,
  { batchSize = 32 }: Pick<MeasureOptions, 'batchSize'>,
): number {
  return Math.max(1, Math.round(batchSize / coefficients));
}

/**
 * Means over the rounds of one problem. Rounds without a sentence as y1 have nothing to be compared
 * with, and those that were cut off for want of positions are only counted.
 */
export function summariseRounds(
  rounds: readonly Written[],
  right: boolean | null,
  { repeat, metric }: Pick<MeasureOptions, 'repeat' | 'metric'> = {},
): CaseOutcome {
  const context = rounds.filter(({ finish }) => finish === 'context').length;
  const counted = rounds.filter(({ last, finish }) => hasSentence(last) && finish !== 'context');
  const notes = countNotes(counted);
  const average = (compare: EditMetric['of']): number | null =>
    meanOf(counted.map((round) => compare(...editedTexts(round))));
  return {
    rounds: counted.length,
    ...(context > 0 && { context }),
    ...perEditMetric((name) => average(editMetricTable[name].of)),
    ...(typeof metric === 'object' && { metric: average(metric.of) }),
    lengthRatio: average(lengthRatio),
    copyRate: meanOf(counted.map((round) => (isCopy(round) ? 1 : 0))),
    degenerate: meanOf(counted.map((round) => (isDegenerate(round, repeat) ? 1 : 0))),
    right,
    ...(Object.keys(notes).length > 0 && { notes }),
    sentences: rounds.map(sentenceOf),
  };
}

/** For whole answers: more words than a sentence has, so that a sentence and a half must recur. */
export const answerRepeat = 12;

const sentenceRepeat = 4;

/** {@link isDegenerate} in words, for records and figures. */
export function degenerateRule(repeat = sentenceRepeat): string {
  return `a run of ${repeat} words occurs twice in an output that is no copy, or the output hit its length limit`;
}

/** A run of `repeat` words that occurs twice (a copy has it from y1), or an output cut off. */
export function isDegenerate(round: Written, repeat = sentenceRepeat): boolean {
  if (round.finish !== 'stop') return true;
  return !isCopy(round) && hasRepeatedNgram(round.correction, repeat);
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
