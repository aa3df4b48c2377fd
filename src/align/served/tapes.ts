/**
 * What a served upstream has written so far. Whoever goes on with a text that is on a tape reads it
 * there: a copied sentence costs no request, and an answer that was paid for is not asked for again.
 */
import { createHash } from 'node:crypto';
import type { Identity } from '../../runtime/identity.js';
import type { Reply } from '../../wire/reply.js';
import { cleaned } from '../settled.js';

/** An answer that was read whole or in part, as it is kept between runs. */
export interface PaidAnswer {
  /** Hash of the server's identity and the request. */
  key: string;
  text: string;
  /** `stop`, `length`, …; null where it was not read to its end. */
  finish: string | null;
  /** Of a judge's verdicts, where they are known. */
  probabilities?: Record<string, number> | undefined;
}

/** The key of an answer, from who is asked, and what. @param asked plain JSON */
export function paidKey(...asked: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** Where paid answers are kept. Of several with one key the last counts. */
export interface PaidAnswers {
  get(key: string): PaidAnswer | undefined;
  put(answer: PaidAnswer): Promise<void>;
  /** Frees what it owns. */
  close?(): Promise<void>;
}

/** Opens what was paid to one server. */
export type OpenPaid = (identity: Identity) => Promise<PaidAnswers>;

/** What was written behind one prefix. */
export class Tape {
  readonly prefix: string;
  /** Null: from an earlier run. */
  readonly #reply: Reply | null;
  readonly #read: PaidAnswer | null;
  /** How the reply's text becomes what stands behind the prefix. */
  readonly #shape: (text: string) => string;
  readonly #keep: ((text: string, finish: string | null) => Promise<void>) | undefined;
  readonly #holders = new Set<unknown>();
  #saved: string | null = null;
  #ended = false;
  #taken = 0;

  constructor(
    prefix: string,
    from:
      | {
          reply: Reply;
          shape: (text: string) => string;
          keep?: (text: string, finish: string | null) => Promise<void>;
        }
      | { paid: PaidAnswer },
  ) {
    this.prefix = prefix;
    this.#reply = 'reply' in from ? from.reply : null;
    this.#read = 'paid' in from ? from.paid : null;
    this.#keep = 'reply' in from ? from.keep : undefined;
    this.#shape = 'reply' in from ? from.shape : (text): string => text;
  }

  get text(): string {
    return this.#read?.text ?? this.#shape(this.#reply?.text ?? '');
  }

  get finish(): string | null {
    return this.#read?.finish ?? this.#reply?.finish ?? null;
  }

  /** Tokens, or about as many, since the last time that they were taken. */
  takeTokens(): number {
    const all = this.#reply?.usage?.completion ?? this.#reply?.events ?? 0;
    const fresh = Math.max(0, all - this.#taken);
    this.#taken += fresh;
    return fresh;
  }

  get firstTextMilliseconds(): number | null {
    return this.#reply?.firstTextMilliseconds ?? null;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#reply !== null && !this.#ended && this.finish === null;
  }

  /** What is on it behind a longer prefix; null where that is another text. */
  behind(prefix: string): string | null {
    if (!prefix.startsWith(this.prefix)) return null;
    const begun = prefix.slice(this.prefix.length);
    const { text } = this;
    return text.startsWith(begun) ? text.slice(begun.length) : null;
  }

  /** @throws why the reply broke off */
  async until(enough: (tape: Tape) => boolean, signal?: AbortSignal): Promise<void> {
    await this.#reply?.until(() => enough(this), signal);
  }

  /** Keeps what there is, where it is more than was kept before. */
  async save(): Promise<void> {
    const { text, finish } = this;
    const now = `${text.length} ${finish}`;
    if (this.#saved === now) return;
    this.#saved = now;
    await this.#keep?.(text, finish);
  }

  /** Whether control characters were taken out. */
  get isCleaned(): boolean {
    return this.#reply !== null && cleaned(this.#reply.text).text !== this.#reply.text;
  }

  hold(holder: unknown): void {
    this.#holders.add(holder);
  }

  /** The last one that lets go ends the reply. @returns whether nobody reads it any more */
  release(holder: unknown): boolean {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return false;
    this.#ended = true;
    this.#reply?.close();
    return true;
  }
}

/** The tapes of a question. */
export class Tapes {
  readonly #tapes = new Map<string, Tape[]>();
  readonly #keys = new Map<Tape, string>();

  add(key: string, tape: Tape): void {
    this.#keys.set(tape, key);
    this.#tapes.set(key, [tape, ...(this.#tapes.get(key) ?? [])]);
  }

  remove(tape: Tape): void {
    const key = this.#keys.get(tape);
    if (key === undefined) return;
    this.#keys.delete(tape);
    const others = (this.#tapes.get(key) ?? []).filter((other) => other !== tape);
    if (others.length > 0) this.#tapes.set(key, others);
    else this.#tapes.delete(key);
  }

  /** Those on which a prefix goes on, with what follows it; the newest first. */
  behind(key: string, prefix: string): { tape: Tape; rest: string }[] {
    return (this.#tapes.get(key) ?? []).flatMap((tape) => {
      const rest = tape.behind(prefix);
      return rest === null ? [] : [{ tape, rest }];
    });
  }
}
