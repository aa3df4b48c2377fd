/**
 * First names made of two syllables, so that a corpus can hold hundreds of them and a test split
 * still has names nobody has seen. Which split a name belongs to follows from its syllables.
 */
import type { Random } from '../math/random.js';
import type { Split } from './types.js';

const openings = [
  'Ba', 'Be', 'Da', 'Do', 'Fa', 'Fi', 'Ga', 'Ha', 'Jo', 'Ka', 'Ke', 'La', 'Li', 'Ma', 'Mi',
  'Na', 'No', 'Pa', 'Ra', 'Ri', 'Sa', 'So', 'Ta', 'Ti', 'Va',
] as const; // prettier-ignore
const endings = [
  'bo', 'da', 'do', 'ga', 'ka', 'la', 'lo', 'ma', 'mi', 'na', 'no', 'ra', 'ri', 'ro', 'sa',
  'ta', 'ti', 'va', 'vi', 'zo',
] as const; // prettier-ignore

/** An opening that solutions also use as a word; whoever reads tokens cannot tell them apart. */
const ambiguous = openings.indexOf('So');

/**
 * Every 10th combination is for validation, two in ten for the test, the rest for training; no new
 * name begins with the ambiguous opening.
 */
function splitOf(opening: number, ending: number): Split | null {
  const slot = (opening * 3 + ending * 7) % 10;
  if (opening === ambiguous && slot <= 2) return null;
  return slot === 0 ? 'validation' : slot <= 2 ? 'test' : 'train';
}

function namesOf(split: Split): string[] {
  return openings.flatMap((opening, i) =>
    endings.filter((_, j) => splitOf(i, j) === split).map((ending) => opening + ending),
  );
}

export const names: Record<Split, readonly string[]> = {
  train: namesOf('train'),
  validation: namesOf('validation'),
  test: namesOf('test'),
};

/** `count` different names of a split. */
export function drawNames(split: Split, count: number, random: Random): string[] {
  const drawn = new Set<string>();
  while (drawn.size < count) drawn.add(random.pick(names[split]));
  return [...drawn];
}
