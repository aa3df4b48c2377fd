/** Judges of sentences: what a sentence is worth in its place, and what should stand there. */
import type { Annotation, Question } from '../data/types.js';

/** A sentence in its place. */
export interface SentencePlace {
  question: Question;
  /** The answer before it. */
  prefix: string;
  last: string;
}

export interface SentenceJudge {
  readonly name: string;
  /** As {@link import('./scorer.js').Scorer.identity}. */
  readonly identity: string;
  /** One annotation per place, in order. */
  annotate(
    places: readonly SentencePlace[],
    options?: { signal?: AbortSignal },
  ): Promise<Annotation[]>;
}

/** The annotations of places. @throws where the judge gives another number of them. */
export async function annotatePlaces(
  judge: SentenceJudge,
  places: readonly SentencePlace[],
  options: { signal?: AbortSignal } = {},
): Promise<Annotation[]> {
  if (places.length === 0) return [];
  const annotations = await judge.annotate(places, options);
  if (annotations.length === places.length) return annotations;
  throw new Error(
    `judge ${judge.name}: expected ${places.length} annotations, one per sentence, got ${annotations.length}`,
  );
}
