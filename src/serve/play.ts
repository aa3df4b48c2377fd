/**
 * `POST /api/play`: a question at several strengths side by side, sentence by sentence, with what the
 * corrector's layers read while it wrote. For the page; clients of a product use `/v1`.
 *
 * The answer is a stream of server-sent events, each one JSON of {@link playEvent}. Settings run side
 * by side on the same seed, so that they differ by their strength alone. A `prefix` lets an answer go on from
 * where it stands at another strength.
 */
import { z } from 'zod';
import type { Readings } from '../align/corrector.js';
import { count, numberOrNull } from '../shape/pieces.js';
import { wordChanges } from '../text/wordChanges.js';
import { answerRounds, type AnsweredRound } from './answer.js';
import { ApiError, ClientGone, errorBody, logReason, toApiError } from './apiError.js';
import {
  checkReady,
  endingOf,
  enter,
  failureOf,
  logAnswer,
  type AppContext,
  type AppParts,
} from './requests.js';
import { auditAll, auditedRound, auditedStrength, auditRound, auditStrength, auditTotals, hundredths, type AuditedRound } from './audit.js'; // prettier-ignore
import { merged } from './chat.js';
import { mostSettings } from './info.js';
import { jsonOf, readBody } from './readBody.js';
import { dataLine, eventStream, keptAlive } from './sse.js';
import { resolveStrength, strengthAsked, type Strength } from './strength.js';

export const playRequest = z.strictObject({
  question: z.string().min(1).max(100_000).describe('what is asked'),
  settings: z
    .array(strengthAsked)
    .min(1)
    .max(mostSettings)
    .describe('strengths, side by side; {} is the server’s default'),
  prefix: z.string().max(100_000).default('').describe('the answer so far; it goes on behind it'),
  seed: z
    .int()
    .min(0)
    .default(0)
    .describe('the same for all settings; without effect at temperature 0'),
  temperature: z.number().min(0).max(2).default(0).describe('of the upstream'),
  rounds: z.int().min(1).max(64).default(16).describe('most rounds'),
  readings: z.boolean().default(true).describe('whether layers × tokens are read'),
});
export type PlayRequest = z.infer<typeof playRequest>;

const tokenReadings = z.strictObject({
  tokens: z
    .array(z.string())
    .describe('the first is the boundary token →, which chose the first word; then what was written'),
  layers: count,
  values: z
    .array(z.array(z.number()))
    .describe('[layers][tokens]: projection on the direction after steering, in mean norms of the layer; positive is correct'),
}); // prettier-ignore
export type TokenReadings = z.infer<typeof tokenReadings>;

/** What is told of a round. */
export const playedRound = {
  round: auditedRound,
  text: z.string().describe('what stands in the answer by it, with the white space before it'),
  changes: z
    .array(z.strictObject({ kind: z.enum(['same', 'removed', 'added']), text: z.string() }))
    .describe('from y1 to y2, word by word'),
  readings: tokenReadings.nullable().describe('null where the corrector cannot be read'),
  elapsed: z.number().describe('milliseconds since the request'),
} as const;

const setting = { setting: count.describe('index into the settings of the request') };
export const playEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), ...setting, strength: auditedStrength }),
  z.strictObject({
    kind: z.literal('round'),
    ...setting,
    ...playedRound,
  }),
  z.strictObject({
    kind: z.literal('end'),
    ...setting,
    finish: z.enum(['stop', 'length']),
    reason: z.string().nullable().describe('why the loop ended'),
    text: z.string().describe('the whole answer behind the prefix'),
    totals: auditTotals,
    elapsed: numberOrNull,
  }),
  z.strictObject({
    kind: z.literal('error'),
    error: z.strictObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  }),
]);
export type PlayEvent = z.infer<typeof playEvent>;

export async function handlePlay(c: AppContext, parts: AppParts): Promise<Response> {
  checkReady(parts);
  const { service, limits } = parts;
  if (service.audit !== 'full') throw notTold();
  const asked = readBody(playRequest, await jsonOf(c.req.raw));
  parts.service.checkRoom([asked.question, asked.prefix]);
  const strengths = asked.settings.map((one) => resolveStrength([one], service.rules));
  service.promptTokens([{ role: 'user', content: asked.question }]);
  const ending = endingOf(c.req.raw.signal, limits.deadline);
  const leave = await enter(parts, strengths.length, ending);
  const state = c.get('state');
  Object.assign(state.notes, { settings: strengths.length });
  state.streaming = true;
  let over = false;
  const finish = (status: number): void => {
    if (over) return;
    over = true;
    leave();
    ending.abort(new Error('serve: the answer is over'));
    logAnswer(c, status, parts);
  };
  ending.signal.addEventListener('abort', () => finish(toApiError(ending.signal.reason).status));
  const play = { asked, strengths, signal: ending.signal, arrived: state.arrived };
  return eventStream(keptAlive(playLines(c, play, { parts, ending, finish }), limits.keepAlive), {
    headers: Object.fromEntries(c.res.headers),
    onGone: () => ending.abort(new ClientGone()),
  });
}

function notTold(): ApiError {
  return new ApiError('play: this server does not tell what the upstream wrote (serve --audit)', {
    ...{ status: 403, type: 'permission_error', code: 'audit_not_full' },
  });
}

interface Play {
  asked: PlayRequest;
  strengths: readonly Strength[];
  signal: AbortSignal;
  arrived: number;
}

async function* playLines(
  c: AppContext,
  play: Play,
  how: { parts: AppParts; ending: AbortController; finish: (status: number) => void },
): AsyncGenerator<string, void, void> {
  let status = 200;
  const all = play.strengths.map((strength, index) => settingEvents(how.parts, play, { strength, setting: index })); // prettier-ignore
  try {
    for await (const event of merged(all)) yield dataLine(event);
  } catch (error) {
    const told = toApiError(failureOf(how.ending, error));
    status = told.status;
    c.get('state').notes.error = logReason(told);
    yield dataLine({ kind: 'error', ...errorBody(told) } satisfies PlayEvent);
  } finally {
    how.finish(status);
    await Promise.allSettled(all.map((events) => events.return()));
  }
}

async function* settingEvents(
  { service }: AppParts,
  { asked, signal, arrived }: Play,
  { strength, setting }: { strength: Strength; setting: number },
): AsyncGenerator<PlayEvent, void, void> {
  const elapsed = (): number => hundredths(service.clock() - arrived);
  yield { kind: 'start', setting, strength: auditStrength(strength) };
  const { question, prefix, seed, temperature, rounds: maxRounds, readings } = asked;
  const answer = answerRounds(service, {
    ...{ turns: [{ role: 'user', content: question }], prefix, strength, readings, signal },
    ...{ sampling: { temperature, seed: 0 }, sample: temperature > 0 ? seed : 0 },
    ...{ maxTokens: null, maxRounds: Math.min(maxRounds, service.limits.maxRounds), stop: [] },
  });
  const rounds: AuditedRound[] = [];
  let text = '';
  let first: number | null = null;
  for (;;) {
    const step = await answer.next();
    text += step.value.text;
    if (step.value.text !== '') first ??= elapsed();
    if (step.done) {
      const { finish, reason } = step.value;
      const totals = auditAll(rounds, first);
      yield { kind: 'end', setting, finish, reason, text, totals, elapsed: elapsed() };
      return;
    }
    const round = auditRound(step.value, { strength, level: 'full' });
    rounds.push(round);
    const read = readingsOf(step.value, strength);
    const changes = wordChanges(step.value.round.last, step.value.round.correction);
    const told = { round, text: step.value.text, changes, readings: read };
    yield { kind: 'round', setting, ...told, elapsed: elapsed() };
  }
}

/** Layer by layer, as a heat map is drawn. */
function readingsOf({ round }: AnsweredRound, { named }: Strength): TokenReadings | null {
  const { readings } = round;
  if (!readings || !named) return null;
  const { layers, tokens } = readings;
  const values = Array.from({ length: layers }, (_, layer) =>
    tokens.map((_, token) => scaled(readings, { layer, token, norm: named.knob.meanNorms[layer] })),
  );
  // A reading at entry t was taken before token t was written: the boundary token chose the first.
  return { tokens: ['→', ...tokens.slice(0, -1)], layers, values };
}

function scaled(
  { values, layers, directions }: Readings,
  { layer, token, norm = 1 }: { layer: number; token: number; norm: number | undefined },
): number {
  const value = (values[(token * layers + layer) * directions] ?? 0) / norm;
  return Math.round(value * 1e5) / 1e5;
}
