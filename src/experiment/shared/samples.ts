/** An upstream's own next sentences in given places: what preference data are made of. */
import type { Upstream } from '../../align/upstream.js';
import type { Context, Sample } from '../../data/quadruples.js';
import { batchesOf } from './batches.js';

export interface SampleOptions {
  /** Sampled or greedy, as it was made. */
  upstream: Upstream;
  contexts: readonly Context[];
  /** Contexts computed together. Default 32. */
  batchSize?: number;
  signal?: AbortSignal;
}

/**
 * The contexts in order, each with the sentence the upstream wrote there; empty where it ended. A
 * context that leaves the model no positions to write in is left out.
 * @throws the signal's reason between batches.
 */
export async function* sampleSentences(options: SampleOptions): AsyncGenerator<Sample, void> {
  const { upstream, contexts, signal } = options;
  for (const batch of batchesOf(contexts, options.batchSize ?? 32)) {
    signal?.throwIfAborted();
    const texts = await upstream.nextSentences(
      batch.map(({ question, prefix }) => ({ question, prefix })),
      signal ? { signal } : {},
    );
    for (const [row, context] of batch.entries()) {
      const text = texts[row];
      if (!text) throw new Error(`sample: ${upstream.name} wrote nothing for "${context.problem}"`);
      if (!text.context) yield { ...context, last: text.text };
    }
  }
}
