/**
 * Several copies of a small decoder that work side by side. On a CPU two copies with one thread each
 * do more than one with two: the matrices of a small model are too small to share.
 */
import type {
  Decoder,
  DecoderInfo,
  ForwardRequest,
  ForwardRow,
  GenerateRequest,
  GenerateResult,
  PrefixCache,
} from '../decoder.js';

/**
 * Each request goes whole to one copy, the one with the fewest before it: what is computed together
 * is what the caller put together. Requests with caches go to the first copy, which keeps those.
 */
export class DecoderPool implements Decoder {
  readonly info: DecoderInfo;
  readonly #first: Decoder;
  readonly #waiting: Map<Decoder, number>;

  /** @throws without a decoder. */
  constructor(decoders: readonly Decoder[]) {
    const [first] = decoders;
    if (!first) throw new Error('pool: no decoder (expected at least 1)');
    this.#first = first;
    this.info = first.info;
    this.#waiting = new Map(decoders.map((decoder) => [decoder, 0]));
  }

  forward(request: ForwardRequest): Promise<ForwardRow[]> {
    return this.#take((decoder) => decoder.forward(request));
  }

  generate(request: GenerateRequest): Promise<GenerateResult> {
    if (request.caches) return this.#take((decoder) => decoder.generate(request), this.#first);
    return this.#take((decoder) => decoder.generate(request));
  }

  openCache(): PrefixCache {
    return this.#first.openCache();
  }

  closeCache(cache: PrefixCache): Promise<void> {
    return this.#first.closeCache(cache);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // All at once: each gives up what waits for it, and none begins another run.
    const decoders = [...this.#waiting.keys()];
    await Promise.all(decoders.map((decoder) => decoder[Symbol.asyncDispose]()));
  }

  async #take<T>(work: (decoder: Decoder) => Promise<T>, decoder = this.#idlest()): Promise<T> {
    this.#waiting.set(decoder, (this.#waiting.get(decoder) ?? 0) + 1);
    try {
      return await work(decoder);
    } finally {
      this.#waiting.set(decoder, (this.#waiting.get(decoder) ?? 0) - 1);
    }
  }

  #idlest(): Decoder {
    let best = this.#first;
    for (const [decoder, waiting] of this.#waiting) {
      if (waiting < (this.#waiting.get(best) ?? 0)) best = decoder;
    }
    return best;
  }
}
