/** Events of an answer as OpenAI's clients read them: one body, or chunks. */
import type { AuditedChoice, AuditedRound } from './audit.js';
import { auditStrength } from './audit.js';
import type { ChatEvent } from './chat.js';
import type { AuditLevel } from './chatRequest.js';
import type { Strength } from './strength.js';

/** What stands in every body and chunk of one answer. */
export interface CompletionHead {
  id: string;
  /** Seconds since 1970. */
  created: number;
  /** As the client asked for it. */
  model: string;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export function usageOf(prompt: number, completion: number): Usage {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

export interface CompletionOptions {
  head: CompletionHead;
  strength: Strength;
  audit: AuditLevel;
  promptTokens: number;
}

/** What is known of a choice when all its events are in. */
export interface WrittenChoice extends Required<AuditedChoice> {
  text: string;
  finish: 'stop' | 'length';
  tokens: number;
}

/** Puts events together, choice by choice. */
export class Choices {
  readonly #open = new Map<number, { text: string; rounds: AuditedRound[] }>();
  readonly #done = new Map<number, WrittenChoice>();

  take(event: ChatEvent): void {
    const { choice, text } = event;
    const so = this.#open.get(choice) ?? { text: '', rounds: [] };
    this.#open.set(choice, so);
    so.text += text;
    if (event.kind === 'round') {
      so.rounds.push(event.round);
      return;
    }
    const { finish, reason, totals, tokens } = event;
    this.#done.set(choice, { index: choice, ...so, finish, reason, totals, tokens });
  }

  /** In order; those that are complete. */
  get written(): WrittenChoice[] {
    return [...this.#done.values()].sort((a, b) => a.index - b.index);
  }

  /** Complete or not. */
  get rounds(): AuditedRound[] {
    return [...this.#open.values()].flatMap(({ rounds }) => rounds);
  }

  get tokens(): number {
    return this.written.reduce((sum, { tokens }) => sum + tokens, 0);
  }
}

/** The body of an answer that is not streamed. */
export function completionBody(
  { head, strength, audit, promptTokens }: CompletionOptions,
  choices: Choices,
): object {
  return {
    ...head,
    object: 'chat.completion',
    choices: choices.written.map(({ index, text, finish }) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: null,
      finish_reason: finish,
    })),
    usage: usageOf(promptTokens, choices.tokens),
    ...(audit !== 'none' && {
      aligner: { ...auditStrength(strength), choices: choices.written.map(auditOf) },
    }),
  };
}

function auditOf({ index, reason, rounds, totals }: WrittenChoice): AuditedChoice {
  return { index, reason, rounds, totals };
}

/** The chunks of a stream: the role of every choice, its text sentence by sentence, its end. */
export class Chunks {
  readonly #options: CompletionOptions & { includeUsage: boolean };

  constructor(options: CompletionOptions & { includeUsage: boolean }) {
    this.#options = options;
  }

  role(choice: number): object {
    return this.#chunk(choice, { role: 'assistant', content: '' }, null);
  }

  /** None where nothing is to be said. */
  of(event: ChatEvent): object[] {
    const { audit, strength } = this.#options;
    const { choice, text } = event;
    if (event.kind === 'round') {
      const told = audit === 'none' ? {} : { aligner: { choice, round: event.round } };
      if (text === '' && audit === 'none') return [];
      return [this.#chunk(choice, { content: text }, null, told)];
    }
    const { finish, reason, totals } = event;
    const told = audit === 'none' ? {} : { aligner: { ...auditStrength(strength), choice, reason, totals } }; // prettier-ignore
    const rest = text === '' ? [] : [this.#chunk(choice, { content: text }, null)];
    return [...rest, this.#chunk(choice, {}, finish, told)];
  }

  usage(completionTokens: number): object {
    const usage = usageOf(this.#options.promptTokens, completionTokens);
    return { ...this.#head(), choices: [], usage };
  }

  #chunk(index: number, delta: object, finish: string | null, told: object = {}): object {
    const choice = { index, delta, logprobs: null, finish_reason: finish };
    const usage = this.#options.includeUsage ? { usage: null } : {};
    return { ...this.#head(), choices: [choice], ...usage, ...told };
  }

  #head(): object {
    return { ...this.#options.head, object: 'chat.completion.chunk' };
  }
}
