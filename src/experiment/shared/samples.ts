/** An upstream's own next sentences in given places: what preference data are made of. */
import { z } from 'zod';
import type { Upstream } from '../../align/upstream.js';
import type { Context, Sample } from '../../data/quadruples.js';
import type { Store } from '../../record/store.js';
import { batchesOf } from './batches.js';
import { whoIs } from './identities.js';
import { resume, type Unit } from './resume.js';

export interface SampleOptions {
  /** Sampled or greedy, as it was made. */
  upstream: Upstream;
  contexts: readonly Context[];
  /** Contexts computed together. Default 32. */
  batchSize?: number;
  /** Where batches are kept, for a run that goes on. */
  store?: Store;
  signal?: AbortSignal;
}

const written = z.strictObject({
  index: z.int().describe('of the context: the same place may be met twice'),
  last: z.string().nullable().describe('null where there was no position to write in'),
});
type Written = z.infer<typeof written>;

/**
 * The contexts in order, each with the sentence the upstream wrote there; empty where it ended. A
 * context that leaves the model no positions to write in is left out.
 * @throws the signal's reason between batches.
 */
export async function* sampleSentences(options: SampleOptions): AsyncGenerator<Sample, void> {
  const { upstream, contexts, store, signal } = options;
  const size = options.batchSize ?? 32;
  const records = resume<Written>({
    units: batchesOf(contexts, size).map((batch, i) => unitOf(batch, i * size, options)),
    ...{ done: new Map(), store, shape: written, signal, keyOf: ({ index }) => String(index) },
    identity: { kind: 'samples', version: 2, upstream: whoIs(upstream) },
  });
  for await (const { index, last } of records) {
    const context = contexts[index];
    if (context && last !== null) yield { ...context, last };
  }
}

function unitOf(
  batch: readonly Context[],
  first: number,
  { upstream, signal }: SampleOptions,
): Unit<Written> {
  const inputs = batch.map(({ question, prefix }) => ({ question, prefix }));
  return {
    records: batch.map((_, row) => String(first + row)),
    inputs: { first, batch: inputs },
    run: async () => {
      const texts = await upstream.nextSentences(inputs, signal ? { signal } : {});
      return batch.map(({ problem }, row) => {
        const text = texts[row];
        if (!text) throw new Error(`sample: ${upstream.name} wrote nothing for "${problem}"`);
        return { index: first + row, last: text.context ? null : text.text.trim() };
      });
    },
  };
}
