/** Recording: what an upstream writes next in generated places, with the solver's word on it. */
import { annotateSamples } from '../../data/dataset.js';
import type { Context } from '../../data/quadruples.js';
import type { AnnotatedQuadruple } from '../../data/types.js';
import { sampleSentences, type SampleOptions } from './samples.js';

/**
 * Annotated quadruples with the upstream's own sentences, in the order of the contexts.
 * @throws the signal's reason between batches.
 */
export async function* recordQuadruples(
  options: SampleOptions & { contexts: readonly Context[] },
): AsyncGenerator<AnnotatedQuadruple, void> {
  for await (const sample of sampleSentences(options)) yield* annotateSamples([sample]);
}
