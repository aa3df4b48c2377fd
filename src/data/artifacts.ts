/** What ships with the package and is taken where nothing is named. */
import { fileURLToPath } from 'node:url';

/** Names of embedded models. */
export const embedded = {
  upstream: 'upstream-arithmetic',
  corrector: 'corrector-arithmetic-m',
  aligner: 'aligner-arithmetic-m',
} as const;

/** Sentences of the embedded upstream in held-out problems, annotated; one place per problem. */
export const stimuliFiles = {
  validation: shipped('stimuli/arithmetic-validation.jsonl'),
  test: shipped('stimuli/arithmetic-test.jsonl'),
} as const;

/** What judges are asked, by criterion; see `src/judge/criterion.ts`. */
export const criterionFiles = {
  helpful: shipped('judges/helpful.txt'),
  harmless: shipped('judges/harmless.txt'),
} as const;

/** The page of `serve`. */
export const pageFolder = shipped('page');

/** `artifacts/` of this package, the same from `src/` and from `dist/`. */
function shipped(path: string): string {
  return fileURLToPath(new URL(`../../artifacts/${path}`, import.meta.url));
}
