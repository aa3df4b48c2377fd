/** Where an answer ends besides at its own end: at a stop text, and at its length in tokens. */

/**
 * Cuts a text that comes in pieces before the first stop text in it. What may be the beginning of one
 * is held back until the next piece tells.
 */
export class StopCutter {
  readonly #stops: readonly string[];
  #held = '';
  #stopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** @returns what may leave now */
  push(piece: string): string {
    if (this.#stopped) return '';
    const text = this.#held + piece;
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.#stopped = true;
      this.#held = '';
      return text.slice(0, Math.min(...found));
    }
    const held = Math.max(0, ...this.#stops.map((stop) => begunAtEnd(text, stop)));
    this.#held = text.slice(text.length - held);
    return text.slice(0, text.length - held);
  }

  /** What was held back and was no stop text. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** How many of the last characters of a text begin a stop text. */
function begunAtEnd(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

/** Counts tokens, and cuts texts between them. */
export interface TokenCounter {
  count(text: string): number;
  /** The beginning of at most so many tokens. */
  first(text: string, tokens: number): string;
}

/** How many tokens may still leave. */
export class Room {
  readonly #counter: TokenCounter;
  readonly #most: number;
  #text = '';
  /** No fewer than there are, since a tokenizer may count one more where pieces meet. */
  #atMost = 0;
  #full = false;

  /** @param most infinity: any number */
  constructor(counter: TokenCounter, most: number) {
    this.#counter = counter;
    this.#most = most;
  }

  /** Tokens of what left, as one text, since a tokenizer may join across pieces. */
  get used(): number {
    return this.#full ? this.#most : this.#counter.count(this.#text);
  }

  /** The whole text is counted only where its pieces leave it in doubt whether it is too long. */
  take(piece: string): { text: string; full: boolean } {
    if (piece === '') return { text: '', full: false };
    const before = this.#text;
    this.#text += piece;
    if (this.#most === Infinity) return { text: piece, full: false };
    this.#atMost += this.#counter.count(piece) + 1;
    if (this.#atMost > this.#most) this.#atMost = this.#counter.count(this.#text);
    if (this.#atMost <= this.#most) return { text: piece, full: false };
    this.#full = true;
    this.#text = this.#counter.first(this.#text, this.#most);
    return { text: this.#text.slice(before.length), full: true };
  }
}

interface Coder {
  encodePlain(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** By a tokenizer; a text that it cannot write back is counted by it and cut by letters. */
export function tokenCounter(tokenizer: Coder): TokenCounter {
  const start = tokenizer.encodePlain('').length;
  const ids = (text: string): number[] => tokenizer.encodePlain(text).slice(start);
  return {
    count: (text) => ids(text).length,
    first(text, tokens) {
      const all = ids(text);
      if (all.length <= tokens) return text;
      // A letter that was cut in two is left out.
      const kept = tokenizer.decode(all.slice(0, tokens)).replace(/\uFFFD+$/u, '');
      const lead = text.slice(0, text.length - text.trimStart().length);
      const cut = text.startsWith(kept) ? kept : lead + kept.trimStart();
      return text.startsWith(cut) ? cut : firstShare(text, tokens / all.length);
    },
  };
}

/** Where no tokenizer is known: English text has about four letters to a token. */
export const roughCounter: TokenCounter = {
  count: (text) => Math.ceil([...text].length / 4),
  first: (text, tokens) => [...text].slice(0, tokens * 4).join(''),
};

function firstShare(text: string, share: number): string {
  const letters = [...text];
  return letters.slice(0, Math.floor(letters.length * share)).join('');
}
