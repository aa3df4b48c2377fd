/** `POST /v1/chat/completions` */
import { ClientGone, errorBody, logReason, toApiError } from './apiError.js';
import { auditAll } from './audit.js';
import {
  askedModel,
  checkReady,
  endingOf,
  enter,
  failureOf,
  logAnswer,
  type AppContext,
  type AppParts,
} from './requests.js';
import { chatEvents, type ChatEvent } from './chat.js';
import { readChatRequest, type AuditLevel, type ChatRequest } from './chatRequest.js';
import { Choices, Chunks, completionBody, type CompletionOptions } from './completion.js';
import { jsonOf } from './readBody.js';
import { dataLine, doneLine, eventStream, keptAlive, within } from './sse.js';
import { resolveStrength, strengthHeaders, strengthOfHeaders, type Strength } from './strength.js';

/** A request that is understood and may begin. */
interface Call extends CompletionOptions {
  request: ChatRequest;
  /** Ends what is done for the request: its client went, or it took too long. */
  ending: AbortController;
  events: AsyncGenerator<ChatEvent, void, void>;
  choices: Choices;
  /** Gives the place back, and no more. */
  leave: () => void;
}

export async function handleChat(c: AppContext, parts: AppParts): Promise<Response> {
  checkReady(parts);
  const call = await openCall(c, parts);
  Object.entries(strengthAnswer(call.strength)).forEach(([name, value]) => c.header(name, value));
  if (call.request.ignoresTools) c.header('X-Aligner-Tools', 'ignored');
  try {
    const stream = call.request.stream;
    return stream ? await streamed(c, call, parts) : await whole(c, call, parts);
  } catch (error) {
    const failure = failureOf(call.ending, error);
    await close(c, call, parts);
    throw failure;
  }
}

async function openCall(c: AppContext, parts: AppParts): Promise<Call> {
  const { service, limits } = parts;
  const { id, arrived, notes } = c.get('state');
  const request = readChatRequest(await jsonOf(c.req.raw), { tools: service.tools });
  const behindName = askedModel(request.model, service);
  const sources = [request.strength, strengthOfHeaders(c.req.header()), behindName];
  const strength = resolveStrength(sources, service.rules);
  service.checkRoom([...request.turns.map(({ content }) => content), request.prefix]);
  const promptTokens = service.promptTokens(request.turns);
  const ending = endingOf(c.req.raw.signal, limits.deadline);
  const leave = await enter(parts, request.choices, ending);
  Object.assign(notes, {
    ...{ model: service.name, stream: request.stream, choices: request.choices },
    ...{ coefficient: strength.coefficient, target: strength.target, off: strength.off },
    ...(parts.logContent && { turns: request.turns }),
  });
  const audit = leastAudit(service.audit, request.audit);
  const { signal } = ending;
  return {
    ...{ request, strength, audit, promptTokens, ending, leave, choices: new Choices() },
    head: {
      id: `chatcmpl-${id}`,
      created: Math.floor(parts.now() / 1000),
      model: request.model,
    },
    events: chatEvents(service, { request, strength, audit, arrived, signal }),
  };
}

async function whole(c: AppContext, call: Call, parts: AppParts): Promise<Response> {
  for await (const event of call.events) take(call, event, parts);
  const totals = auditAll(call.choices.rounds, null);
  await close(c, call, parts);
  const headers = {
    'X-Aligner-Rounds': totals.rounds,
    'X-Aligner-Copied': totals.copied,
    'X-Aligner-Corrected': totals.corrected,
    'X-Aligner-Unchecked': totals.unchecked,
    ...(totals.editRatio !== null && { 'X-Aligner-Edit-Ratio': totals.editRatio.toFixed(4) }),
  };
  Object.entries(headers).forEach(([name, value]) => c.header(name, String(value)));
  return c.json(completionBody(call, call.choices));
}

/**
 * A stream begins with its first event, so that an early failure has a status of its own; where that
 * takes long, it begins with a comment.
 */
async function streamed(c: AppContext, call: Call, parts: AppParts): Promise<Response> {
  const { keepAlive } = parts.limits;
  const first = call.events.next();
  const early = await within(first, keepAlive);
  c.get('state').streaming = true;
  const { ending } = call;
  let over = false;
  // A stream that nobody begins to read, and one that is broken off, end here, too.
  const finish = async (status: number): Promise<void> => {
    if (over) return;
    over = true;
    await close(c, call, parts);
    logAnswer(c, status, parts);
  };
  ending.signal.addEventListener('abort', () => void finish(toApiError(ending.signal.reason).status)); // prettier-ignore
  const lines = keptAlive(chunkLines(c, call, { parts, first, finish }), keepAlive);
  return eventStream(early === 'late' ? withComment(lines) : lines, {
    headers: Object.fromEntries(c.res.headers),
    onGone: () => ending.abort(new ClientGone()),
  });
}

async function* withComment(
  lines: AsyncGenerator<string, void, void>,
): AsyncGenerator<string, void, void> {
  yield ': keep-alive\n\n';
  yield* lines;
}

async function* chunkLines(
  c: AppContext,
  call: Call,
  how: {
    parts: AppParts;
    first: Promise<IteratorResult<ChatEvent, void>>;
    finish: (status: number) => Promise<void>;
  },
): AsyncGenerator<string, void, void> {
  const { includeUsage, choices } = call.request;
  const chunks = new Chunks({ ...call, includeUsage });
  let status = 200;
  try {
    for (let choice = 0; choice < choices; choice++) yield dataLine(chunks.role(choice));
    for (let step = await how.first; !step.done; step = await call.events.next()) {
      take(call, step.value, how.parts);
      for (const chunk of chunks.of(step.value)) yield dataLine(chunk);
    }
    if (includeUsage) yield dataLine(chunks.usage(call.choices.tokens));
    yield doneLine;
  } catch (error) {
    const told = toApiError(failureOf(call.ending, error));
    status = told.status;
    c.get('state').notes.error = logReason(told);
    yield dataLine(errorBody(told));
  } finally {
    await how.finish(status);
  }
}

function take(call: Call, event: ChatEvent, { metrics }: AppParts): void {
  call.choices.take(event);
  if (event.kind === 'round') metrics.round(event.round);
}

/** The place is given back, and what came of the request is counted, whatever that was. */
async function close(c: AppContext, call: Call, parts: AppParts): Promise<void> {
  call.leave();
  call.ending.abort(new Error('serve: the answer is over'));
  await call.events.return();
  const { service, metrics, targets, logContent } = parts;
  const { notes, arrived } = c.get('state');
  const milliseconds = service.clock() - arrived;
  const { strength, choices, promptTokens } = call;
  for (const { totals, tokens } of choices.written) {
    metrics.choice(totals, { tokens, milliseconds });
    if (strength.target === null || !strength.named || totals.editRatio === null) continue;
    const { named, coefficient, target: asked } = strength;
    targets.add({ named, coefficient, asked, achieved: totals.editRatio });
  }
  const totals = auditAll(choices.rounds, null);
  Object.assign(notes, {
    ...{ promptTokens, completionTokens: choices.tokens },
    ...{ rounds: totals.rounds, copied: totals.copied, corrected: totals.corrected },
    ...{ unchecked: totals.unchecked, editRatio: totals.editRatio },
    ...(logContent && { answers: choices.written.map(({ text }) => text) }),
  });
}

const auditOrder: readonly AuditLevel[] = ['none', 'numbers', 'full'];

/** A request may ask for less than the server tells, never for more. */
export function leastAudit(most: AuditLevel, asked: AuditLevel | null): AuditLevel {
  if (asked === null) return most;
  return auditOrder.indexOf(asked) < auditOrder.indexOf(most) ? asked : most;
}

/** What was done to a request, in the headers that could have asked for it. */
export function strengthAnswer(strength: Strength): Record<string, string> {
  const { coefficient, target, off, layers, direction } = strength;
  return {
    [strengthHeaders.coefficient]: String(coefficient),
    ...(target !== null && { [strengthHeaders.target]: String(target) }),
    ...(off && { [strengthHeaders.off]: 'true' }),
    ...(layers.length > 0 && { [strengthHeaders.layers]: layers.join(',') }),
    ...(direction !== null && { [strengthHeaders.direction]: encodeURIComponent(direction) }),
  };
}
