/** What is served: an upstream and a corrector that callers share, and the rules for both. */
import { opened } from '../align/opened.js';
import { requireGoingOn, type LocalUpstream, type Upstream } from '../align/upstream.js';
import type { Corrector, LocalCorrector } from '../align/corrector.js';
import type { Turn } from '../data/types.js';
import type { LanguageModel, Tokenizer } from '../runtime/decoder.js';
import { rowsAtOnce } from '../runtime/rowsAtOnce.js';
import { textOfTurns } from '../data/formats/conversations.js';
import { badRequest } from './apiError.js';
import { batchedCorrector, batchedUpstream, type BatchOptions } from './batching.js';
import type { AuditLevel, ToolRule } from './chatRequest.js';
import { Circuit } from './circuit.js';
import { servedLimits } from '../experiment/calibrate/limits.js';
import { reasonOf } from '../text/errorSentence.js';
import type { StrengthRules } from './strength.js';
import { roughCounter, tokenCounter, type TokenCounter } from './textLimits.js';

export interface ServiceOptions {
  /** What clients call the model. Default: the upstream's name, so that they stay as they are. */
  name?: string | undefined;
  /** Stays open. */
  upstream: Upstream;
  /** Stays open. */
  corrector: Corrector;
  rules: Omit<StrengthRules, 'corrector'>;
  /** Whether the upstream draws where a request says nothing of it. Default false: it is greedy. */
  draws?: boolean | undefined;
  /** What the corrector reads of a conversation: all of it as one text (default), or the last question. */
  question?: 'conversation' | 'last' | undefined;
  /** What becomes of a sentence that the corrector fails at. Default `refuse`: the answer ends there. */
  onFailure?: 'pass' | 'refuse' | undefined;
  /** The most that is told of rounds. Default `full`. */
  audit?: AuditLevel | undefined;
  /** What becomes of requests that offer tools. Default `refuse`. */
  tools?: ToolRule | undefined;
  limits?: Partial<AnswerLimits> | undefined;
  /** Told of every run of a model. */
  onRun?: (run: ModelRun) => void;
  clock?: () => number;
}

export interface AnswerLimits {
  /** Most rounds of an answer. Default 64. */
  maxRounds: number;
  /** Most UTF-16 units of an answer, about. Default 32,000. */
  maxCharacters: number;
  /** Most tokens of an answer, whatever a request asks for; null: no limit of its own. Default null. */
  maxTokens: number | null;
}

export interface ModelRun {
  by: 'upstream' | 'corrector';
  rows: number;
  milliseconds: number;
}

export interface Service {
  name: string;
  upstream: Upstream;
  corrector: Corrector;
  rules: StrengthRules;
  draws: boolean;
  onFailure: 'pass' | 'refuse';
  audit: AuditLevel;
  tools: ToolRule;
  limits: AnswerLimits;
  circuits: { upstream: Circuit; corrector: Circuit };
  counter: TokenCounter;
  /** What the corrector reads as the question, and what the upstream's chat is made of. */
  questionOf(turns: readonly Turn[]): { question: string; turns?: readonly Turn[] };
  /** @throws ApiError where the texts are too long for a model by far, before they are all read */
  checkRoom(texts: readonly string[]): void;
  /** Tokens of the upstream's prompt. @throws ApiError where its chat template refuses the turns */
  promptTokens(turns: readonly Turn[]): number;
  clock: () => number;
}

/** @throws where the upstream cannot take part in a loop. */
export function createService(options: ServiceOptions): Service {
  const { upstream, corrector, limits, clock = (): number => performance.now() } = options;
  requireGoingOn(upstream, 'serve');
  const tokenizer = tokenizerOf(upstream);
  const counting = tokenizer ?? tokenizerOf(corrector);
  const counter = counting ? tokenCounter(counting) : roughCounter;
  const run = (by: ModelRun['by']): ((run: Omit<ModelRun, 'by'>) => void) => {
    return (one) => options.onRun?.({ by, ...one });
  };
  return {
    name: options.name ?? upstream.name,
    upstream: isLocal(upstream)
      ? batchedUpstream(upstream, { ...sharing(upstream), onRun: run('upstream'), clock })
      : upstream,
    corrector: isLocal(corrector)
      ? batchedCorrector(corrector, { ...sharing(corrector), onRun: run('corrector'), clock })
      : corrector,
    rules: { ...options.rules, corrector: corrector.name },
    draws: options.draws ?? false,
    onFailure: options.onFailure ?? 'refuse',
    audit: options.audit ?? 'full',
    tools: options.tools ?? 'refuse',
    limits: { ...servedLimits, maxTokens: null, ...limits },
    circuits: {
      upstream: new Circuit({ name: 'upstream', clock }),
      corrector: new Circuit({ name: 'corrector', clock }),
    },
    counter,
    checkRoom: (texts) => [upstream, corrector].filter(isLocal).forEach(({ model }) => checkRoom(texts.join('\n'), model)), // prettier-ignore
    questionOf: (turns) => askedOf(turns, options.question ?? 'conversation'),
    promptTokens: (turns) => promptTokens(turns, { tokenizer, counter }),
    clock,
  };
}

/**
 * A tokenizer takes seconds for a megabyte, in which the server does nothing else. So a beginning is
 * tokenised first, and more only where that is not too long by itself.
 */
function checkRoom(text: string, { name, tokenizer, decoder }: LanguageModel): void {
  const positions = decoder.info.context?.positions ?? Infinity;
  for (let letters = 8 * positions; letters < text.length; letters *= 4) {
    if (tokenizer.encodePlain(text.slice(0, letters)).length <= positions) continue;
    throw badRequest(`messages: ${text.length.toLocaleString('en-US')} characters are more than the ${positions} positions of ${name} take; shorten them`, 'messages', 'context_length_exceeded'); // prettier-ignore
  }
}

/** A single question is itself; a conversation is written out, as data of conversations are. */
function askedOf(
  turns: readonly Turn[],
  how: 'conversation' | 'last',
): ReturnType<Service['questionOf']> {
  const last = turns.at(-1)?.content ?? '';
  if (turns.length === 1) return { question: last };
  return { question: how === 'last' ? last : textOfTurns(turns), turns };
}

function promptTokens(
  turns: readonly Turn[],
  { tokenizer, counter }: { tokenizer: Tokenizer | null; counter: TokenCounter },
): number {
  if (!tokenizer) return turns.reduce((sum, { content }) => sum + counter.count(content), 0);
  let prompt: string;
  try {
    prompt = tokenizer.chat(turns);
  } catch (error) {
    throw badRequest(reasonOf(error), 'messages', 'template_refused');
  }
  return tokenizer.encode(prompt).length;
}

type Local = LocalUpstream | LocalCorrector;

/** Servers batch by themselves, and what is recorded or a function needs none. */
function isLocal<T extends Upstream | Corrector>(one: T): one is T & Local {
  return 'model' in one;
}

function tokenizerOf(one: Upstream | Corrector): Tokenizer | null {
  return isLocal(one) ? one.model.tokenizer : null;
}

/**
 * On a CPU a token that is filled in costs about a third of one that is written, on a GPU a run costs
 * its steps. With 100 streams on the embedded pair a round took 42 ms of the processors' time where
 * any rows shared a run, 28 ms with this limit, half of it or twice, and 22 ms in the loop alone.
 */
const mostFilling = 1000;

function sharing({ model }: Local): Pick<BatchOptions, 'most' | 'filling'> {
  const { device } = model.decoder.info;
  return { most: rowsAtOnce(device), ...(device === 'cpu' && { filling: mostFilling }) };
}

/** Nothing is corrected: every sentence is its own correction. */
export const copyingCorrector: Corrector = {
  ...opened({
    name: 'none',
    identity: { kind: 'function', name: 'none', sha256: ''.padEnd(64, '0') },
  }),
  readable: false,
  correct: (inputs) =>
    Promise.resolve(
      inputs.map(({ last }) => ({
        text: last,
        tokens: 0,
        finish: 'stop' as const,
        readings: null,
      })),
    ),
};
