/** A model behind an OpenAI-compatible server as a judge of pairs: both orders are asked. */
import { contextIn } from '../align/served/context.js';
import { inOrder } from '../align/served/inOrder.js';
import { servedModel, type ServerOptions } from '../align/served/open.js';
import { paidKey, type PaidAnswer } from '../align/served/tapes.js';
import { opened } from '../align/opened.js';
import { BudgetSpent } from '../wire/meter.js';
import { ServerError } from '../wire/errors.js';
import { areReal, lettersAt, logprobFields, logprobQuestion } from '../wire/logprobs.js';
import { chatRequest, type Asking } from '../wire/ways.js';
import type { AnswerRequest, Client } from '../wire/client.js';
import type { Criterion } from './criterion.js';
import {
  bothAgree,
  preferenceInOrders,
  turned,
  type Comparison,
  type Preferred,
} from './preference.js';
import { readVerdict, verdictLetters, type VerdictLetter } from './verdict.js';
import { judgeOf, type Judge } from './judge.js';

export interface ServedJudgeOptions extends ServerOptions {
  criterion: Criterion;
  name?: string;
}

/** Room for a verdict, and for a few words in front of it. */
const defaultTokens = 256;

/**
 * Greedy, in both orders; a reply without a verdict says nothing of the pair. Probabilities of the
 * verdicts are taken where the server's stood a trial.
 * @throws as `openServedUpstream`
 */
export async function openServedJudge(
  name: string,
  { criterion, ...options }: ServedJudgeOptions,
): Promise<Judge> {
  const maxTokens = options.maxTokens ?? defaultTokens;
  const { client, identity, asking } = await servedModel(
    name,
    { ...options, sampling: undefined, paid: undefined, maxTokens },
    maxTokens,
  );
  const real = await hasRealLogprobs(client, asking, options.signal);
  const settings = {
    criterion: criterion.name,
    prompt: criterion.sha256,
    maxTokens,
    logprobs: real,
  };
  const own = { ...identity, settings };
  const paid = await options.paid?.(own);
  const asked: Asked = { client, criterion, asking, real, sha256: identity.sha256, paid };
  const about = {
    name: `${options.name ?? identity.name}-${criterion.name}`,
    identity: `judge:${identity.sha256}:${criterion.sha256}:${maxTokens}:${real}`,
  };
  const preference = preferenceInOrders(about, async (pairs, { signal } = {}) => {
    const both = pairs.flatMap(({ question: { question }, first, second }) => [
      { question, first, second },
      { question, first: second, second: first },
    ]);
    const said = await inOrder(both, (texts, ending) => ask(asked, texts, ending), signal);
    return pairs.map((_, i) => comparisonOf(said[2 * i], said[2 * i + 1]));
  });
  const close = (): Promise<void> => paid?.close?.() ?? Promise.resolve();
  return judgeOf(preference, opened({ name: about.name, identity: own, close }));
}

/** Whether the server's probabilities stood a trial. */
async function hasRealLogprobs(
  client: Client,
  asking: Asking,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { path, body } = chatRequest(logprobQuestion, { ...asking, maxTokens: 24 });
  try {
    const request = { path, body: { ...body, ...logprobFields }, signal };
    return await client.answer(request, async (reply) => {
      await reply.until(() => false, signal);
      return areReal(reply.tokens, reply.text);
    });
  } catch (error) {
    if (error instanceof BudgetSpent || !(error instanceof ServerError)) throw error;
    if (error.status === null || error.passing) throw error;
    return false;
  }
}

interface Asked {
  client: Client;
  criterion: Criterion;
  asking: Asking;
  /** Whether probabilities are asked for. */
  real: boolean;
  /** Of server, model and probe. */
  sha256: string;
  paid: Awaited<ReturnType<NonNullable<ServerOptions['paid']>>> | undefined;
}

/** A reply to one order; null letter: it holds no verdict. */
interface Said {
  letter: VerdictLetter | null;
  probabilities: Record<string, number> | null;
}

async function ask(
  { client, criterion, asking, real, sha256, paid }: Asked,
  texts: { question: string; first: string; second: string },
  signal: AbortSignal,
): Promise<Said> {
  const { path, body } = chatRequest(criterion.prompt(texts), asking);
  const request: Pick<AnswerRequest, 'path' | 'body'> = {
    path,
    body: { ...body, ...(real && logprobFields) },
  };
  const key = paidKey('judge', sha256, request);
  const known = paid?.get(key);
  if (known?.finish) {
    client.meter.remembered();
    return saidIn(known);
  }
  try {
    return await client.answer({ ...request, signal }, async (reply) => {
      await reply.until(() => false, signal);
      const { text, finish } = reply;
      const verdict = readVerdict(text);
      const probabilities = verdict && real ? lettersAt(reply, verdict.at, verdictLetters) : null;
      const answer: PaidAnswer = { key, text, finish, ...(probabilities && { probabilities }) };
      await paid?.put(answer);
      return saidIn(answer);
    });
  } catch (error) {
    // Two answers that are too long for the judge are two of which it cannot say.
    if (contextIn(error)) return { letter: null, probabilities: null };
    throw error;
  }
}

function saidIn({ text, probabilities }: PaidAnswer): Said {
  return { letter: readVerdict(text)?.letter ?? null, probabilities: probabilities ?? null };
}

const wordOf = { A: 'first', B: 'second', C: 'tie' } as const;

function comparisonOf(straight: Said | undefined, swapped: Said | undefined): Comparison {
  const word = (said: Said | undefined): Preferred => (said?.letter ? wordOf[said.letter] : null);
  const orders = [word(straight), turned(word(swapped))] as const;
  const [ahead, behind] = [shareOfA(straight), shareOfA(swapped)];
  const known = ahead === null || behind === null ? {} : { probability: (ahead + 1 - behind) / 2 };
  return { preferred: bothAgree(orders), orders, ...known };
}

/** That the answer shown first is better, a tie counted as half. */
function shareOfA(said: Said | undefined): number | null {
  if (!said?.probabilities) return null;
  const { A = 0, C = 0 } = said.probabilities;
  return A + C / 2;
}
