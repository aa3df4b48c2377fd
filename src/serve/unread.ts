/**
 * How much of a text a model has yet to read. A run computes as many tokens for every row as its
 * longest row needs, so rows belong together that have about as much left to read: a question that
 * begins beside an answer that goes on would have all of that answer computed again.
 */

/** Letters stand for tokens: an estimate of what costs time, without an effect on what is written. */
export class Unread {
  readonly #read = new WeakMap<object, string>();

  /** Letters of a text behind what has been read under this cache, which is then this text. */
  next(cache: object | undefined, text: string): number {
    if (!cache) return text.length;
    const letters = text.length - commonLength(this.#read.get(cache) ?? '', text);
    this.#read.set(cache, text);
    return letters;
  }

  /** What the model wrote itself, it need not read. */
  wrote(cache: object | undefined, text: string): void {
    if (cache) this.#read.set(cache, (this.#read.get(cache) ?? '') + text);
  }
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
