/**
 * An upstream that remembers. A steering sweep asks a greedy upstream the same things at every
 * coefficient; what it says to a question and a prefix is always the same.
 *
 * What is remembered decides which rows are computed together, and that moves the last digits of
 * logits. Make one memo per unit of work that is resumed as a whole (a batch of problems), so that a
 * resumed run computes what an uninterrupted one does.
 */
import type { Upstream, UpstreamInput, UpstreamOptions, UpstreamText } from './upstream.js';

type Ask = (inputs: readonly UpstreamInput[], options?: UpstreamOptions) => Promise<UpstreamText[]>;

/**
 * Wraps an upstream whose answers follow from question and prefix alone (greedy, or sampled with a
 * seed). A remembered text keeps its recorded tokens and time to first text; rows of a batch that
 * ask the same are asked once.
 */
export function memoiseUpstream(upstream: Upstream): Upstream & { readonly asked: number } {
  let asked = 0;
  const remember = (ask: Ask): Ask => {
    const known = new Map<string, UpstreamText>();
    return async (inputs, options) => {
      const fresh = new Map<string, UpstreamInput>();
      for (const input of inputs) {
        const key = keyOf(input);
        if (!known.has(key) && !fresh.has(key)) fresh.set(key, input);
      }
      asked += fresh.size;
      const texts = fresh.size > 0 ? await ask([...fresh.values()], options) : [];
      [...fresh.keys()].forEach((key, index) => {
        const text = texts[index];
        if (text) known.set(key, text);
      });
      return inputs.flatMap((input) => known.get(keyOf(input)) ?? []);
    };
  };
  return {
    name: upstream.name,
    ...(upstream.caches && { caches: upstream.caches }),
    nextSentences: remember((inputs, options) => upstream.nextSentences(inputs, options)),
    finish: remember((inputs, options) => upstream.finish(inputs, options)),
    get asked() {
      return asked;
    },
  };
}

function keyOf({ question, prefix }: UpstreamInput): string {
  return JSON.stringify([question, prefix]);
}
