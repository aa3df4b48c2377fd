/**
 * Models that remember. A steering sweep asks a greedy upstream the same things at every
 * coefficient; what it says to a question and a prefix is always the same.
 *
 * What is remembered decides which rows are computed together, and that moves the last digits of
 * logits. Make one memo per unit of work that is resumed as a whole (a batch of problems), so that a
 * resumed run computes what an uninterrupted one does. Closing a memo leaves what it wraps open.
 */
import type { Corrector, CorrectionInput } from './corrector.js';
import { opened } from './opened.js';
import type { Upstream, UpstreamInput } from './upstream.js';

/**
 * Wraps an upstream whose answers follow from question and prefix alone (greedy, or sampled with a
 * seed). A remembered text keeps its recorded tokens and time to first text; rows of a batch that
 * ask the same are asked once.
 */
export function memoiseUpstream(upstream: Upstream): Upstream & { readonly asked: number } {
  let asked = 0;
  const count = (fresh: number): void => void (asked += fresh);
  return {
    ...opened({ name: upstream.name, identity: upstream.identity }),
    caches: upstream.caches,
    ...(upstream.answersOnly !== undefined && { answersOnly: upstream.answersOnly }),
    nextSentences: remember(
      unsampled((...given) => upstream.nextSentences(...given)),
      placeKey,
      count,
    ),
    finish: remember(
      unsampled((...given) => upstream.finish(...given)),
      placeKey,
      count,
    ),
    get asked() {
      return asked;
    },
  };
}

/**
 * Wraps a corrector whose corrections follow from question, prefix and y1 alone.
 * @throws where it is asked to steer, read or sample anew: what it remembers was none of these.
 */
export function memoiseCorrector(corrector: Corrector): Corrector {
  const ask = remember(
    (...given: Parameters<Corrector['correct']>) => corrector.correct(...given),
    passageKey,
  );
  return {
    ...opened({ name: corrector.name, identity: corrector.identity }),
    caches: corrector.caches,
    readable: false,
    async correct(inputs, options = {}) {
      if (options.steering ?? options.project ?? options.sampling) {
        throw new Error(
          'memo: a corrector that remembers cannot be steered, read or sampled; ask the corrector itself',
        );
      }
      return await ask(inputs, options);
    },
  };
}

/** What is remembered must not be drawn in another way by the next call. */
function unsampled(ask: Upstream['nextSentences']): Upstream['nextSentences'] {
  return (inputs, options = {}) => {
    if (!options.sampling) return ask(inputs, options);
    throw new Error('memo: an upstream that remembers takes no sampling; ask the upstream itself');
  };
}

/** One answer per input, in order; those that were given before are not asked for again. */
function remember<I, A, O>(
  ask: (inputs: readonly I[], options?: O) => Promise<A[]>,
  keyOf: (input: I) => string,
  onAsked: (fresh: number) => void = () => undefined,
): (inputs: readonly I[], options?: O) => Promise<A[]> {
  const known = new Map<string, A>();
  return async (inputs, options) => {
    const fresh = new Map<string, I>();
    for (const input of inputs) {
      const key = keyOf(input);
      if (!known.has(key) && !fresh.has(key)) fresh.set(key, input);
    }
    onAsked(fresh.size);
    const answers = fresh.size > 0 ? await ask([...fresh.values()], options) : [];
    [...fresh.keys()].forEach((key, index) => {
      const answer = answers[index];
      if (answer !== undefined) known.set(key, answer);
    });
    return inputs.flatMap((input) => known.get(keyOf(input)) ?? []);
  };
}

function placeKey({ question, turns, prefix, prefixIds, sample = 0 }: UpstreamInput): string {
  return JSON.stringify([question, turns ?? null, prefix, sample, prefixIds ?? null]);
}

function passageKey({ question, prefix, last }: CorrectionInput): string {
  return JSON.stringify([question, prefix, last]);
}
