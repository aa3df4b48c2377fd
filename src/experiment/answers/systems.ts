/**
 * The systems that are compared: the upstream alone, the stream loop, the whole-answer Aligner, and
 * a corrector on its own (a corrector taught by an exact solver might simply out-solve the upstream;
 * what it writes alone tells what the pair adds).
 */
import type { Aligner } from '../../align/aligner.js';
import type { Corrector } from '../../align/corrector.js';
import type { LoopLimits, Round } from '../../align/loop.js';
import type { AlignedAnswer } from '../../align/stream.js';
import { alignAnswers } from '../../align/stream.js';
import type { Upstream, UpstreamInput, UpstreamText } from '../../align/upstream.js';
import { createSilentUpstream } from '../../align/upstream.js';
import { whoIs } from '../shared/identities.js';
import type { ContextEnd } from '../../runtime/contextLimit.js';
import { hashVectors } from '../shared/resume.js';
import { revisionOf, revisionsOf, type Revision } from '../shared/revisions.js';
import { rowSteering, type SteeringKnob } from '../shared/steeringKnob.js';

export interface SystemAnswer {
  text: string;
  /** In order; empty for the upstream alone. */
  revisions: Revision[];
  /** A stop reason of the loop; `end-of-answer` or `max-length` for whole answers. */
  stop: AlignedAnswer['stop'];
  /** Where it is `context`. */
  context?: ContextEnd;
  /** Tokens of the visible text, ends of turn left out, as its writer counted them. */
  tokens: number;
  /** Wall time, shared with the other rows of the batch. */
  milliseconds: number;
  /**
   * Until the first text could be shown. A local model hands out a sentence per run at the least;
   * an Aligner hands out its whole answer.
   */
  firstTextMilliseconds: number | null;
}

export interface SystemRequest {
  questions: readonly string[];
  upstream: Upstream;
  /** Milliseconds. */
  clock: () => number;
  /** Whether times are what is wanted; then extra runs may be spent on them. */
  timed?: boolean;
  signal?: AbortSignal;
}

export interface System {
  readonly name: string;
  /** Plain JSON of what its answers follow from, beside the upstream that it is asked with. */
  readonly identity: unknown;
  /** What its revisions are revisions of. */
  readonly unit: 'sentence' | 'answer';
  /** One answer per question, in order. */
  answer(request: SystemRequest): Promise<SystemAnswer[]>;
}

/** `upstream`: whole answers of the upstream. */
export function upstreamSystem(): System {
  return wholeAnswerSystem({ name: 'upstream', identity: null }, (request) => request);
}

/** `proxy-<expert>`: whole answers of the upstream tuned by an expert (proxy-tuning). */
export function proxySystem({ expert, upstream }: { expert: string; upstream: Upstream }): System {
  return tunedSystem({ name: `proxy-${expert}`, upstream });
}

/** Another upstream's whole answers under a name of its own, e.g. `sft`: the same one, fine-tuned. */
export function tunedSystem({ name, upstream }: { name: string; upstream: Upstream }): System {
  const identity = whoIs(upstream);
  return wholeAnswerSystem({ name, identity }, (request) => ({ ...request, upstream }));
}

function wholeAnswerSystem(
  own: Pick<System, 'name' | 'identity'>,
  asked: (request: SystemRequest) => SystemRequest,
): System {
  return {
    ...own,
    unit: 'answer',
    async answer(given) {
      const request = asked(given);
      const { texts, milliseconds } = await wholeAnswers(request);
      // A whole answer comes in one run; what would be seen first is the first sentence.
      const firsts = request.timed ? await firstSentences(request) : texts;
      return texts.map((text, i) => ({
        text: text.text,
        revisions: [],
        ...wholeEnd(text),
        tokens: shownTokens(text.tokens, text.ended),
        milliseconds,
        firstTextMilliseconds: firsts[i]?.firstTextMilliseconds ?? null,
      }));
    },
  };
}

/** What a system of the loop is made of. */
interface LoopParts extends LoopLimits {
  corrector: Corrector;
  /**
   * Whether batches keep keys and values from round to round. Without them, batches that run side by
   * side spread over the copies of a model. What is timed keeps them. Default true.
   */
  caches?: boolean;
  /** Steers the corrector, in the unit of a sweep. */
  push?: { knob: SteeringKnob; coefficient: number };
}

/** `stream-<corrector>`: the loop; steered, `stream-<corrector>@<coefficient>`. */
export function streamSystem(options: LoopParts): System {
  const { corrector, push } = options;
  const at = push ? `@${push.coefficient}` : '';
  return loopSystem(`stream-${corrector.name}${at}`, options);
}

/** `corrector-alone-<corrector>`: the corrector's own continuation, asked with y1 empty. */
export function correctorAloneSystem(options: LoopParts): System {
  return loopSystem(`corrector-alone-${options.corrector.name}`, options, createSilentUpstream());
}

/** `aligner-<aligner>`: the upstream's whole answer, corrected as a whole. */
export function alignerSystem({ aligner }: { aligner: Aligner }): System {
  return {
    name: `aligner-${aligner.name}`,
    identity: whoIs(aligner),
    unit: 'answer',
    async answer(request) {
      const { questions, clock, signal } = request;
      const { texts, milliseconds } = await wholeAnswers(request);
      const written = texts.map((text, i) => ({ text, question: questions[i] ?? '' }));
      // What was cut off for want of positions is no answer to correct.
      const whole = written.filter(({ text }) => !text.context);
      const start = clock();
      const corrections = await aligner.correct(
        whole.map(({ question, text }) => ({ question, answer: text.text })),
        { signal },
      );
      const elapsed = milliseconds + clock() - start;
      const given = corrections.values();
      return written.map(({ text: upstream }): SystemAnswer => {
        const corrected = upstream.context ? undefined : given.next().value;
        const { text, tokens } = corrected ?? upstream;
        const ended = corrected ? corrected.finish === 'stop' : upstream.ended;
        const context = corrected ? corrected.context : upstream.context;
        return {
          text,
          revisions: context
            ? []
            : [revisionOf({ ...corrected, prefix: '', last: upstream.text, correction: text })],
          ...wholeEnd({ ended, context }),
          tokens: shownTokens(tokens, ended),
          milliseconds: elapsed,
          firstTextMilliseconds: text === '' ? null : elapsed,
        };
      });
    },
  };
}

/** How a whole answer ends. */
export function wholeEnd({
  ended,
  context,
}: Pick<UpstreamText, 'ended' | 'context'>): Pick<SystemAnswer, 'stop' | 'context'> {
  if (context) return { stop: 'context', context };
  return { stop: ended ? 'end-of-answer' : 'max-length' };
}

/** For want of how many positions a loop ended, where it did. */
export function contextOf({ rounds }: Pick<AlignedAnswer, 'rounds'>): { context?: ContextEnd } {
  const end = rounds.at(-1)?.context;
  return end ? { context: { tokens: end.tokens, positions: end.positions } } : {};
}

function loopSystem(name: string, options: LoopParts, silent?: Upstream): System {
  const { corrector, push, ...how } = options;
  const pushed = push && rowSteering(push.knob, push.coefficient);
  return {
    name,
    identity: { corrector: whoIs(corrector), ...how, ...(pushed && { steering: whatIs(pushed) }) },
    unit: 'sentence',
    async answer({ questions, upstream, clock, signal, timed = false }) {
      const answers = await alignAnswers({
        ...{ ...how, corrector },
        steering: pushed?.steering,
        caches: timed || (options.caches ?? true),
        upstream: silent ?? upstream,
        clock,
        rows: questions.map((question) => ({ question, coefficient: pushed?.coefficient })),
        signal,
      });
      return answers.map((answer) => ({
        text: answer.text,
        revisions: revisionsOf(answer.rounds.filter((round) => round.phase === 'corrected')),
        stop: answer.stop,
        ...contextOf(answer),
        tokens: answer.rounds.reduce((sum, round) => sum + visibleTokens(round), 0),
        milliseconds: answer.milliseconds,
        firstTextMilliseconds: answer.firstVisibleMilliseconds,
      }));
    },
  };
}

/** What of a steering decides what is written. */
function whatIs({ steering, coefficient }: ReturnType<typeof rowSteering>): unknown {
  const { direction, positions } = steering;
  return { direction: hashVectors(direction), positions, coefficient: [...coefficient] };
}

/** Tokens of a round that the reader sees: its writer's, less the end of turn. */
function visibleTokens({ tokens, finish, phase, upstreamEnded }: Round): number {
  if (tokens.corrector > 0) return shownTokens(tokens.corrector, finish === 'stop');
  return phase === 'continued' ? shownTokens(tokens.upstream, upstreamEnded) : 0;
}

/** Tokens less the end of turn; none where nobody counted, as in recorded answers. */
export function shownTokens(tokens: number, ended: boolean): number {
  return Math.max(0, tokens - Number(ended));
}

async function wholeAnswers(
  request: SystemRequest,
): Promise<{ texts: UpstreamText[]; milliseconds: number }> {
  const { questions, upstream, clock, signal } = request;
  const start = clock();
  const texts = await upstream.finish(startOf(questions), { signal });
  return { texts, milliseconds: clock() - start };
}

function firstSentences({ questions, upstream, signal }: SystemRequest): Promise<UpstreamText[]> {
  return upstream.nextSentences(startOf(questions), { signal });
}

function startOf(questions: readonly string[]): UpstreamInput[] {
  return questions.map((question) => ({ question, prefix: '' }));
}
