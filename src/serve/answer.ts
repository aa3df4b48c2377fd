/**
 * One answer, sentence by sentence. A sentence leaves when the corrector has copied or rewritten it,
 * and not before; where the corrector fails, the answer ends, or goes on unchecked where the server
 * was told so, and then says it.
 */
import type { Corrector } from '../align/corrector.js';
import type { Round, StopReason } from '../align/loop.js';
import { alignStream, type AlignedAnswer } from '../align/stream.js';
import type { Upstream } from '../align/upstream.js';
import type { Turn } from '../data/types.js';
import type { ServedSampling } from '../wire/ways.js';
import { servedLimits } from '../experiment/calibrate/limits.js';
import { ServerError } from '../wire/errors.js';
import { ofServer } from './apiError.js';
import { copyingCorrector, type Service } from './service.js';
import type { Strength } from './strength.js';
import { Room, StopCutter } from './textLimits.js';

export interface AskedAnswer {
  turns: readonly Turn[];
  /** What already stands in the answer. */
  prefix: string;
  strength: Strength;
  /** Null: as the upstream draws by itself. */
  sampling: ServedSampling | null;
  /** Which of the samples; the seed is part of it. */
  sample: number;
  maxTokens: number | null;
  maxRounds?: number;
  stop: readonly string[];
  /** Whether the corrector is read along the direction while it writes. */
  readings: boolean;
  signal: AbortSignal;
}

/** A round, and what leaves with it. */
export interface AnsweredRound {
  round: Round;
  /** Empty where a stop text or a limit holds it back. */
  text: string;
  /** Whether the corrector failed and the sentence was let through. */
  unchecked: boolean;
}

/** How the answer ended. */
export interface AnswerEnd {
  finish: 'stop' | 'length';
  /** Why the loop ended; null where a stop text or the length in tokens ended it. */
  reason: StopReason | null;
  /** What was held back in case it was a stop text. */
  text: string;
  /** Tokens of everything that left. */
  tokens: number;
}

/** @throws as `alignStream` does, and what upstream and corrector throw. */
export async function* answerRounds(
  service: Service,
  asked: AskedAnswer,
): AsyncGenerator<AnsweredRound, AnswerEnd, void> {
  const letting: Letting = { unchecked: false };
  const loop = openLoop(service, asked, letting);
  const cutter = new StopCutter(asked.stop);
  const room = new Room(service.counter, mostTokens(service, asked));
  try {
    for (;;) {
      const step = await loop.next();
      if (step.done) {
        const { text, full } = room.take(cutter.end());
        return { ...endOf(step.value, full), text, tokens: room.used };
      }
      const { text, full } = room.take(cutter.push(step.value.correction));
      yield { round: step.value, text, unchecked: letting.unchecked };
      letting.unchecked = false;
      if (full) return { finish: 'length', reason: null, text: '', tokens: room.used };
      if (cutter.stopped) return { finish: 'stop', reason: null, text: '', tokens: room.used };
    }
  } finally {
    await loop.return(undefined as never);
  }
}

function openLoop(
  service: Service,
  asked: AskedAnswer,
  letting: Letting,
): AsyncGenerator<Round, AlignedAnswer, void> {
  const { limits, rules } = service;
  const { strength, prefix, readings } = asked;
  const knob = strength.named?.knob;
  return alignStream({
    maxRounds: asked.maxRounds ?? limits.maxRounds,
    ...{ maxSilent: servedLimits.maxSilent, prefix, sample: asked.sample },
    maxCharacters: limits.maxCharacters + prefix.length,
    ...service.questionOf(asked.turns),
    upstream: guardedUpstream(service),
    corrector: strength.off ? copyingCorrector : guardedCorrector(service, letting),
    ...strength.steering,
    ...(asked.sampling && { upstreamSampling: asked.sampling }),
    ...(readings && knob && rules.knobs.length > 0 && {
      project: { directions: knob.directions.vectors, count: 1 },
    }),
    ...{ signal: asked.signal, clock: service.clock },
  }); // prettier-ignore
}

function mostTokens({ limits }: Service, { maxTokens }: AskedAnswer): number {
  return Math.min(maxTokens ?? Infinity, limits.maxTokens ?? Infinity);
}

function endOf({ stop }: AlignedAnswer, full: boolean): Pick<AnswerEnd, 'finish' | 'reason'> {
  const cut = full || stop === 'max-length' || stop === 'max-rounds' || stop === 'context';
  return { finish: cut ? 'length' : 'stop', reason: full ? null : stop };
}

/** What the corrector of one answer let through. */
interface Letting {
  unchecked: boolean;
}

function guardedUpstream({ upstream, circuits }: Service): Upstream {
  return {
    ...upstream,
    nextSentences: (inputs, options) =>
      circuits.upstream.run(() => upstream.nextSentences(inputs, options), options?.signal),
  };
}

function guardedCorrector(service: Service, letting: Letting): Corrector {
  const { corrector, circuits, onFailure } = service;
  return {
    ...corrector,
    async correct(inputs, options) {
      const signal = options?.signal;
      try {
        return await circuits.corrector.run(() => corrector.correct(inputs, options), signal);
      } catch (error) {
        if (signal?.aborted) throw error;
        if (onFailure === 'refuse') throw error instanceof ServerError ? ofServer(error, 'corrector') : error; // prettier-ignore
        letting.unchecked = true;
        return await copyingCorrector.correct(inputs);
      }
    },
  };
}
