/** A model behind an OpenAI-compatible server as a judge of pairs: both orders are asked. */
import { contextIn } from '../align/served/context.js';
import { inOrder } from '../align/served/inOrder.js';
import {
  servedGoingOn,
  servedModel,
  type ServedGoingOn,
  type ServerOptions,
} from '../align/served/open.js';
import { paidKey, type PaidAnswer } from '../align/served/tapes.js';
import { opened } from '../align/opened.js';
import { BudgetSpent } from '../wire/meter.js';
import { ServerError } from '../wire/errors.js';
import {
  areReal,
  lettersAt,
  logprobFields,
  logprobQuestion,
  promptLogprobFields,
} from '../wire/logprobs.js';
import { chatRequest, continuingRequest } from '../wire/ways.js';
import type { AnswerRequest } from '../wire/client.js';
import type { Criterion } from './criterion.js';
import {
  bothAgree,
  preferenceInOrders,
  turned,
  type Comparison,
  type Preferred,
} from './preference.js';
import {
  readBegunVerdict,
  readVerdict,
  verdictBeginning,
  verdictLetters,
  type VerdictForm,
  type VerdictLetter,
} from './verdict.js';
import { judgeOf, type Judge } from './judge.js';

export interface ServedJudgeOptions extends ServerOptions {
  criterion: Criterion;
  /** Default `written`. */
  verdict?: VerdictForm;
  name?: string;
}

/** Room for a verdict, and for a few words in front of it; of a reply that is begun, for the verdict. */
const defaultTokens = { written: 256, begun: 4 };

/**
 * Greedy, in both orders; a reply without a verdict says nothing of the pair. Probabilities of the
 * verdicts are taken where the server's stood a trial.
 * @throws as `openServedUpstream`; where verdicts are to be begun by a server that goes on with nothing.
 */
export async function openServedJudge(
  name: string,
  { criterion, verdict: form = 'written', ...options }: ServedJudgeOptions,
): Promise<Judge> {
  const usual = defaultTokens[form];
  const maxTokens = form === 'begun' ? usual : (options.maxTokens ?? usual);
  const how = { ...options, sampling: undefined, paid: undefined, maxTokens };
  const { identity, warnings, ...said } = await replyingIn(form, name, how);
  const real = await hasRealLogprobs(said, options.signal);
  const settings = {
    ...{ criterion: criterion.name, prompt: criterion.sha256, maxTokens, logprobs: real },
    ...(form === 'begun' && { verdict: form }),
  };
  const own = { ...identity, settings };
  const paid = await options.paid?.(own);
  const asked: Asked = { ...said, criterion, real, sha256: identity.sha256, paid };
  const about = {
    name: `${options.name ?? identity.name}-${criterion.name}`,
    identity: `judge:${identity.sha256}:${criterion.sha256}:${maxTokens}:${real}${form === 'begun' ? `:${form}` : ''}`,
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
  return judgeOf(preference, opened({ name: about.name, identity: own, warnings, close }));
}

type Request = Pick<AnswerRequest, 'path' | 'body'>;

/** A model, and how its replies are asked for. */
interface Replying extends Pick<ServedGoingOn, 'client' | 'identity'> {
  form: VerdictForm;
  /** A reply that begins with what is given; empty where it is all the model's. */
  request: (asked: Begun, signal?: AbortSignal) => Promise<Request>;
  /** Whether a reply says again what it was begun with. */
  repeats: boolean;
  warnings?: readonly string[];
}

interface Begun {
  prompt: string;
  begin: string;
  /** Default: the judge's. */
  maxTokens?: number;
}

async function replyingIn(
  form: VerdictForm,
  name: string,
  options: ServerOptions & { name?: string; maxTokens: number },
): Promise<Replying> {
  const { maxTokens: usual } = options;
  if (form === 'written') {
    const { client, identity, asking } = await servedModel(name, options, usual);
    const request: Replying['request'] = ({ prompt, maxTokens = usual }) =>
      Promise.resolve(chatRequest({ question: prompt }, { ...asking, maxTokens }));
    return { form, client, identity, request, repeats: false };
  }
  const { client, identity, probed } = await servedGoingOn(name, options, usual);
  const { way, render, repeats } = probed;
  if (way === null) {
    throw new Error(
      `judge: ${client.address.shown} goes on with no answer that has begun, so that no verdict can be begun for it; take --verdict written, or give its chat template (--template)`,
    );
  }
  const request: Replying['request'] = async ({ prompt, begin, maxTokens = usual }, signal) => {
    const rendered = (await render?.({ question: prompt }, signal)) ?? null;
    // What is said again takes its room.
    const asking = { ...probed.asking, maxTokens: maxTokens + (repeats ? begin.length : 0) };
    return continuingRequest(way, { question: prompt, prefix: begin }, { asking, prompt: rendered }); // prettier-ignore
  };
  const { warnings } = probed;
  return { form, client, identity, request, repeats, ...(warnings.length > 0 && { warnings }) };
}

function withLogprobs({ path, body }: Request): Request {
  const fields = path === 'completions' ? promptLogprobFields : logprobFields;
  return { path, body: { ...body, ...fields } };
}

/** Whether the server's probabilities stood a trial. */
async function hasRealLogprobs(
  { client, request, form }: Pick<Replying, 'client' | 'request' | 'form'>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const begin = form === 'begun' ? '1 2' : '';
  const trial = await request({ prompt: logprobQuestion, begin, maxTokens: 24 }, signal);
  try {
    return await client.answer({ ...withLogprobs(trial), signal }, async (reply) => {
      await reply.until(() => false, signal);
      return areReal(reply.tokens, reply.text);
    });
  } catch (error) {
    if (error instanceof BudgetSpent || !(error instanceof ServerError)) throw error;
    if (error.status === null || error.passing) throw error;
    return false;
  }
}

interface Asked extends Omit<Replying, 'identity' | 'warnings'> {
  criterion: Criterion;
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
  asked: Asked,
  texts: { question: string; first: string; second: string },
  signal: AbortSignal,
): Promise<Said> {
  const { client, criterion, real, sha256, paid } = asked;
  const begin = asked.form === 'begun' ? verdictBeginning : '';
  const plain = await asked.request({ prompt: criterion.prompt(texts), begin }, signal);
  const request = real ? withLogprobs(plain) : plain;
  const key = paidKey('judge', sha256, request);
  const known = paid?.get(key);
  if (known?.finish) {
    client.meter.remembered();
    return saidIn(known, asked);
  }
  try {
    return await client.answer({ ...request, signal }, async (reply) => {
      await reply.until(() => false, signal);
      const { text, finish } = reply;
      const verdict = verdictIn(text, asked);
      const probabilities = verdict && real ? lettersAt(reply, verdict.at, verdictLetters) : null;
      const answer: PaidAnswer = { key, text, finish, ...(probabilities && { probabilities }) };
      await paid?.put(answer);
      return saidIn(answer, asked);
    });
  } catch (error) {
    // Two answers that are too long for the judge are two of which it cannot say.
    if (contextIn(error)) return { letter: null, probabilities: null };
    throw error;
  }
}

/** Its place is that in the text. */
function verdictIn(
  text: string,
  { form, repeats }: Pick<Replying, 'form' | 'repeats'>,
): ReturnType<typeof readVerdict> {
  if (form === 'written') return readVerdict(text);
  const said = repeats ? '' : verdictBeginning;
  const verdict = readBegunVerdict(said + text);
  return verdict && { ...verdict, at: verdict.at - said.length };
}

function saidIn({ text, probabilities }: PaidAnswer, asked: Asked): Said {
  return { letter: verdictIn(text, asked)?.letter ?? null, probabilities: probabilities ?? null };
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
