/** The choices of one request, side by side, as events in the order in which they come. */
import { setMaxListeners } from 'node:events';
import { randomInt } from 'node:crypto';
import { answerRounds, type AnswerEnd } from './answer.js';
import { auditAll, auditRound, type AuditedRound, type AuditTotals } from './audit.js';
import type { AuditLevel, ChatRequest } from './chatRequest.js';
import type { Service } from './service.js';
import type { Strength } from './strength.js';

export type ChatEvent =
  | { kind: 'round'; choice: number; text: string; round: AuditedRound }
  | ({ kind: 'end'; choice: number; totals: AuditTotals } & AnswerEnd);

export interface ChatCall {
  request: ChatRequest;
  strength: Strength;
  audit: AuditLevel;
  /** When the request came, by the service's clock. */
  arrived: number;
  signal: AbortSignal;
}

/** Runs every choice. @throws the first failure of any; the others are then ended. */
export async function* chatEvents(
  service: Service,
  call: ChatCall,
): AsyncGenerator<ChatEvent, void, void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([call.signal, failing.signal]);
  setMaxListeners(0, signal);
  const { seed, sampling } = call.request;
  const draws = sampling ? sampling.temperature > 0 : service.draws;
  // What draws nothing has no use for seeds, and recordings have few samples.
  const first = draws ? (seed ?? randomInt(2 ** 31)) : 0;
  const choices = Array.from({ length: call.request.choices }, (_, choice) =>
    choiceEvents(service, { ...call, signal }, { choice, sample: first + choice }),
  );
  try {
    yield* merged(choices);
  } finally {
    failing.abort(new Error('serve: the other choices are over'));
    await Promise.allSettled(choices.map((choice) => choice.return(undefined)));
  }
}

async function* choiceEvents(
  service: Service,
  { request, strength, audit, arrived, signal }: ChatCall,
  { choice, sample }: { choice: number; sample: number },
): AsyncGenerator<ChatEvent, void, void> {
  const { turns, prefix, maxTokens, stop, sampling } = request;
  const rounds: AuditedRound[] = [];
  let first: number | null = null;
  const answer = answerRounds(service, {
    ...{ turns, prefix, strength, maxTokens, stop, sample, signal },
    sampling: sampling && { ...sampling, seed: 0 },
    readings: audit !== 'none',
  });
  for (;;) {
    const step = await answer.next();
    const { text } = step.value;
    if (text !== '') first ??= service.clock() - arrived;
    if (step.done) {
      yield { kind: 'end', choice, ...step.value, totals: auditAll(rounds, first) };
      return;
    }
    const round = auditRound(step.value, { strength, level: audit });
    rounds.push(round);
    yield { kind: 'round', choice, text, round };
  }
}

/** What any of them yields, as it comes. */
export async function* merged<T>(
  all: readonly AsyncGenerator<T, void, void>[],
): AsyncGenerator<T, void, void> {
  type Step = { from: AsyncGenerator<T, void, void>; result: IteratorResult<T, void> };
  const next = async (from: AsyncGenerator<T, void, void>): Promise<Step> => {
    return { from, result: await from.next() };
  };
  const open = new Map(all.map((from) => [from, next(from)]));
  while (open.size > 0) {
    const { from, result } = await Promise.race(open.values());
    if (result.done) {
      open.delete(from);
    } else {
      yield result.value;
      open.set(from, next(from));
    }
  }
}
