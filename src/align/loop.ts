/**
 * Algorithm 1 of the Stream Aligner paper as a state that moves from round to round, without any
 * model: who is asked next, what a round's texts do to the answer, and when it is over.
 */
import type { EditMetrics } from '../text/edits.js';
import { editMetrics } from '../text/edits.js';
import type { ContextEnd } from '../runtime/contextLimit.js';
import type { Finish } from '../runtime/decoder.js';
import { editedTexts, hasSentence, isBlank, isCopy } from '../text/copied.js';
import type { TextNote } from '../text/notes.js';
import { inPlace } from '../text/seam.js';
import type { Readings } from './corrector.js';

/**
 * Why an answer is over: the corrector returned nothing for a sentence (`empty-correction`), or nothing
 * but markers of the prompt and control characters, which are taken out (`empty-after-cleaning`); the
 * upstream wrote nothing more and the corrector had nothing to add, or the model that writes on
 * ended its turn (`end-of-answer`); the answer reached its length; all rounds were used; the upstream
 * was silent for as many rounds as it may be, and the corrector wrote by itself; or a model
 * had no positions left (`context`), so that the last round is neither a copy nor a correction.
 */
export type StopReason =
  | 'empty-correction'
  | 'empty-after-cleaning'
  | 'end-of-answer'
  | 'max-length'
  | 'max-rounds'
  | 'upstream-silent'
  | 'context';

/** Who writes on after the correction rounds of continue mode. */
export type ContinueWith = 'upstream' | 'corrector';

export interface LoopEnds {
  /** Most rounds, continued ones included. Default 16, the authors' own. */
  maxRounds?: number;
  /** The loop ends once the answer has at least this many UTF-16 units. Default 4000. */
  maxCharacters?: number;
  /**
   * Rounds in a row in which the upstream has nothing to say and the corrector adds something. A corrector that is
   * pushed towards correcting would add to the end. Default: any number, as in the authors' code.
   */
  maxSilent?: number;
}

export interface LoopLimits extends LoopEnds {
  /**
   * `classic` (default) corrects to the end. Continue mode corrects for `correctionRounds` rounds;
   * then one model writes on: the upstream the whole rest at once (the authors' code), or the
   * corrector sentence by sentence with an empty y1 (the paper's text).
   */
  mode?: 'classic' | { correctionRounds: number; continueWith: ContinueWith };
}

/** One generation–correction cycle. */
export interface Round {
  index: number;
  /** `continued`: written by one model alone after the correction rounds. */
  phase: 'corrected' | 'continued';
  /** p before this round. */
  prefix: string;
  /**
   * y1 as the upstream wrote it, with the white space around it; empty where it had nothing to say
   * or was not asked.
   */
  last: string;
  /**
   * y2 as it stands in the answer, with the white space around it: the prefix of the next round is
   * this one's and y2. In an upstream's continuation: what it wrote.
   */
  correction: string;
  /** y1 as the corrector would write it, where that is another text: the edits begin there. */
  written?: string;
  /** y2 is y1 (`text/copied.ts`), and not empty. */
  copied: boolean;
  /** y1 → y2; null where there was nothing to correct (y1 without letters and digits, or continued). */
  edit: EditMetrics | null;
  /** Whether the upstream's turn ended with y1. */
  upstreamEnded: boolean;
  /** `length`: the correction hit its limit. `context`: upstream or corrector had no positions left. */
  finish: Finish;
  /** Where the finish is `context`: whose, and how long its prompt was. */
  context?: ContextEnd & { by: 'upstream' | 'corrector' };
  /** Tokens generated, by whom. */
  tokens: { upstream: number; corrector: number };
  /** Wall time of the calls this round shared with the other rows of its batch. */
  milliseconds: { upstream: number; corrector: number };
  /** Rows in those calls. */
  rows: number;
  readings: Readings | null;
  /** What is worth a note; absent where nothing is. */
  notes?: readonly TextNote[];
}

export interface LoopState {
  question: string;
  /** p: the answer so far. */
  prefix: string;
  rounds: Round[];
  stop: StopReason | null;
}

/** What a loop does next with a row. */
export type LoopStep = 'correct' | 'continue-upstream' | 'continue-corrector' | 'done';

/** What came of a round, before it is judged; the correction is not yet in its place. */
export type RoundOutcome = Pick<
  Round,
  | 'last'
  | 'correction'
  | 'upstreamEnded'
  | 'finish'
  | 'context'
  | 'tokens'
  | 'milliseconds'
  | 'rows'
  | 'readings'
  | 'written'
  | 'notes'
>;

/** @param prefix what already stands in the answer; rounds are counted from there. */
export function startLoop(question: string, prefix = ''): LoopState {
  return { question, prefix, rounds: [], stop: null };
}

/** Fills in the defaults. @throws where a limit makes no sense. */
export function checkLimits(limits: LoopLimits): Required<LoopLimits> {
  const { maxRounds = 16, maxCharacters = 4000, maxSilent = Infinity, mode = 'classic' } = limits;
  const check = (name: string, value: number, least: number): void => {
    if (!Number.isInteger(value) || value < least) {
      throw new Error(
        `align: ${name} is not a usable number (expected an integer from ${least}, got ${value})`,
      );
    }
  };
  check('maxRounds', maxRounds, 1);
  check('maxCharacters', maxCharacters, 1);
  if (maxSilent !== Infinity) check('maxSilent', maxSilent, 1);
  if (mode !== 'classic') {
    check('correctionRounds', mode.correctionRounds, 0);
    if (mode.correctionRounds >= maxRounds) {
      throw new Error(
        `align: no round is left to continue in (correctionRounds ${mode.correctionRounds}, ` +
          `maxRounds ${maxRounds}); raise maxRounds or use classic mode`,
      );
    }
  }
  return { maxRounds, maxCharacters, maxSilent, mode };
}

/** Who is asked next. */
export function nextStep(state: LoopState, { mode }: Required<LoopLimits>): LoopStep {
  if (state.stop) return 'done';
  if (mode === 'classic' || state.rounds.length < mode.correctionRounds) return 'correct';
  return mode.continueWith === 'upstream' ? 'continue-upstream' : 'continue-corrector';
}

/** The state after a round, and the round as recorded. */
export function applyRound(
  state: LoopState,
  step: Exclude<LoopStep, 'done'>,
  outcome: RoundOutcome,
  limits: Required<LoopLimits>,
): { state: LoopState; round: Round } {
  const { last } = outcome;
  const asked = step === 'correct' && outcome.finish !== 'context';
  const correction = inPlace(state.prefix, outcome);
  const round: Round = {
    index: state.rounds.length,
    phase: step === 'correct' ? 'corrected' : 'continued',
    prefix: state.prefix,
    ...outcome,
    correction,
    copied: asked && isCopy(outcome),
    edit: asked && hasSentence(last) ? editMetrics(...editedTexts(outcome)) : null,
  };
  const prefix = state.prefix + correction;
  const rounds = [...state.rounds, round];
  const stop = stopReason({ step, outcome, prefix, rounds, limits });
  return { state: { question: state.question, prefix, rounds, stop }, round };
}

function stopReason(after: {
  step: LoopStep;
  outcome: RoundOutcome;
  prefix: string;
  rounds: readonly Round[];
  limits: Required<LoopLimits>;
}): StopReason | null {
  const { step, outcome, prefix, rounds, limits } = after;
  if (outcome.finish === 'context') return 'context';
  if (step === 'continue-upstream') return outcome.upstreamEnded ? 'end-of-answer' : 'max-length';
  if (outcome.correction === '') {
    if (outcome.notes?.some((note) => note === 'marker' || note === 'controls')) {
      return 'empty-after-cleaning';
    }
    return outcome.last === '' ? 'end-of-answer' : 'empty-correction';
  }
  if (prefix.length >= limits.maxCharacters) return 'max-length';
  if (step === 'correct' && silentRounds(rounds) >= limits.maxSilent) return 'upstream-silent';
  return rounds.length >= limits.maxRounds ? 'max-rounds' : null;
}

/** At the end. */
function silentRounds(rounds: readonly Round[]): number {
  return rounds.length - 1 - rounds.findLastIndex(({ last }) => !isBlank(last));
}
