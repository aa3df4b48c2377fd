/** Judges of sentences: what a sentence is worth in its place, and what should stand there. */
import { qualities, type Annotation, type Question } from '../data/types.js';
import { listOf, shownValue } from '../text/given.js';

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

/**
 * The annotations of places, checked.
 * @throws where they are no list of as many as the places, and where one of them is no annotation.
 */
export async function annotatePlaces(
  judge: SentenceJudge,
  places: readonly SentencePlace[],
  options: { signal?: AbortSignal } = {},
): Promise<Annotation[]> {
  if (places.length === 0) return [];
  const annotations = listOf(await judge.annotate(places, options), {
    count: places.length,
    message: (got) =>
      `judge ${judge.name}: expected ${places.length} annotations, one per sentence, got ${got}`,
  });
  return annotations.map((annotation, i) => {
    if (isAnnotation(annotation)) return annotation;
    throw new Error(
      `judge ${judge.name}: no annotation for a sentence of ${places[i]?.question.id} (expected a quality of ${qualities.join(', ')}, a fault that is a text or null, and a correction that is a text, got ${shownValue(annotation)})`,
    );
  });
}

function isAnnotation(value: unknown): value is Annotation {
  if (typeof value !== 'object' || value === null) return false;
  const { quality, fault, correction }: Partial<Record<keyof Annotation, unknown>> = value;
  return (
    qualities.some((known) => known === quality) &&
    (fault === null || typeof fault === 'string') &&
    typeof correction === 'string'
  );
}
