/**
 * Wordings from patterns with choices, split so that validation and test have arrangements of
 * words that training never sees. The words themselves all occur in training: a model that was
 * trained from scratch can know no others.
 */
import { createRandom } from '../math/random.js';
import type { Split } from './types.js';

/** Every text of a pattern: `a [b|c]` gives `a b` and `a c`; a choice may be empty. */
function expandPattern(pattern: string): string[] {
  const choice = /\[([^\]]*)\]/.exec(pattern);
  if (choice === null) return [pattern.replace(/ {2,}/g, ' ')];
  const before = pattern.slice(0, choice.index);
  const after = pattern.slice(choice.index + choice[0].length);
  const options = (choice[1] ?? '').split('|');
  return options.flatMap((option) => expandPattern(before + option + after));
}

/** Of every five wordings one is for validation and one for the test, in a fixed random order. */
export function splitWordings(patterns: readonly string[]): Record<Split, readonly string[]> {
  const all = patterns.flatMap(expandPattern);
  const shuffled = createRandom(`wordings/${patterns.join('/')}`).shuffle(all);
  const taken = (places: readonly number[]): string[] =>
    shuffled.filter((_, i) => places.includes(i % 5));
  return { train: taken([0, 2, 4]), validation: taken([1]), test: taken([3]) };
}
