/**
 * An answer that is being written: read in the background as it comes, so that whoever waits for a
 * sentence waits no longer than for that, and what follows is there when it is asked for.
 */
import type { AnswerEvent } from './events.js';
import { ServerError } from './errors.js';
import type { TokenProbability } from './logprobs.js';

/** Milliseconds. */
export interface Deadlines {
  /** From the request to the first text: a queue and the prompt. Default 300,000. */
  firstText: number;
  /** Between two pieces of text. Default 60,000. */
  betweenTexts: number;
}

export const defaultDeadlines: Deadlines = { firstText: 300_000, betweenTexts: 60_000 };

export interface Reply {
  /** What there is so far. */
  readonly text: string;
  /** `stop`, `length`, …; null while it goes on. */
  readonly finish: string | null;
  readonly usage: AnswerEvent['usage'];
  /** See {@link AnswerEvent}. */
  readonly tokens: readonly TokenProbability[];
  /** Events with text: about as many as tokens. */
  readonly events: number;
  /** Milliseconds from the request; null before any text. */
  readonly firstTextMilliseconds: number | null;
  /** Resolves once it is over, closed or broken; it never rejects. */
  readonly over: Promise<void>;
  /**
   * Waits until the text is enough, or over.
   * @throws why it broke off; the signal's reason.
   */
  until(enough: (text: string) => boolean, signal?: AbortSignal): Promise<void>;
  /** Ends it: the server is told to stop. */
  close(): void;
}

export interface ReplyOptions {
  /** Asks the server; the signal ends the request. */
  open: (signal: AbortSignal) => AsyncIterable<AnswerEvent>;
  deadlines: Deadlines;
  /** What errors call the server. */
  shown: string;
  clock: () => number;
  /** Takes out of a text what must not be kept: a key that the server says again. Default: nothing. */
  hide?: (text: string) => string;
}

/** No answer is longer, in UTF-16 units. */
const mostText = 4 * 2 ** 20;

export class StreamedReply implements Reply {
  text = '';
  finish: string | null = null;
  usage: AnswerEvent['usage'] = null;
  readonly tokens: TokenProbability[] = [];
  events = 0;
  firstTextMilliseconds: number | null = null;
  readonly over: Promise<void>;
  readonly #ending = new AbortController();
  #error: Error | null = null;
  #closed = false;
  #isOver = false;
  /** Wakes who waits. */
  #waiting: (() => void)[] = [];

  constructor(options: ReplyOptions) {
    this.over = this.#read(options);
  }

  async until(enough: (text: string) => boolean, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#error !== null) throw this.#error;
      if (this.#isOver || enough(this.text)) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake);
        this.#waiting.push(wake);
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#ending.abort();
  }

  async #read({ open, deadlines, shown, clock, hide }: ReplyOptions): Promise<void> {
    const start = clock();
    let timer: NodeJS.Timeout | undefined;
    const expect = (milliseconds: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const seconds = milliseconds / 1000;
        this.#ending.abort(
          new ServerError(
            `server: ${shown} wrote nothing ${what} within ${seconds} s; see its log, or wait longer (--deadline)`,
            { passing: true },
          ),
        );
      }, milliseconds);
    };
    try {
      expect(deadlines.firstText, 'after the request');
      for await (const event of open(this.#ending.signal)) {
        if (this.#closed) break;
        // Events that say nothing keep nobody waiting.
        if (event.isAlive || event.text !== '' || event.finish !== null) {
          expect(deadlines.betweenTexts, 'behind what it had written');
        }
        this.#take(event, clock() - start);
        if (hide) this.text = hide(this.text);
      }
      // Some servers end without a reason.
      if (!this.#closed) this.finish ??= 'stop';
    } catch (error) {
      const { signal } = this.#ending;
      const why: unknown = signal.aborted ? signal.reason : error;
      if (!this.#closed) this.#error = why instanceof Error ? why : new Error(String(why));
    } finally {
      clearTimeout(timer);
      this.#isOver = true;
      this.#wake();
    }
  }

  #take({ text, finish, usage, tokens }: AnswerEvent, elapsed: number): void {
    if (text !== '') {
      this.text += text;
      this.events++;
      this.firstTextMilliseconds ??= elapsed;
    }
    this.tokens.push(...tokens);
    this.finish ??= finish;
    this.usage = usage ?? this.usage;
    if (this.text.length > mostText) this.close();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
