/**
 * Full names of two words: the words are known to every split, the names are not. A model trained
 * from scratch could not read a word it never saw; it can copy a name it never saw. In training any
 * word follows any other, so that a name is copied from the question and not guessed from its
 * first word.
 */
import { createRandom, type Random } from '../math/random.js';
import type { Split } from './types.js';

const given = [
  'Ada', 'Amy', 'Ben', 'Bob', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gina', 'Hugo', 'Ida', 'Jack',
  'Kim', 'Leo', 'Mia', 'Nina', 'Otto', 'Paul', 'Rita', 'Sam', 'Tina', 'Vera', 'Walt', 'Zoe',
] as const; // prettier-ignore
const family = [
  'Bell', 'Cook', 'Dale', 'Ford', 'Fox', 'Gray', 'Hill', 'Hunt', 'King', 'Lake', 'Lane', 'Marsh',
  'Moss', 'Nash', 'Page', 'Pike', 'Reed', 'Rose', 'Shaw', 'Vale', 'Ward', 'West', 'Wood', 'York',
] as const; // prettier-ignore

function splitNames(): Record<Split, readonly string[]> {
  const all = given.flatMap((first) => family.map((second) => `${first} ${second}`));
  const shuffled = createRandom('names').shuffle(all);
  const fifth = Math.floor(shuffled.length / 5);
  const kept = new Set(shuffled.slice(0, 2 * fifth));
  const words = [...given, ...family];
  const pairs = words.flatMap((first) => words.map((second) => `${first} ${second}`));
  return {
    test: shuffled.slice(0, fifth),
    validation: shuffled.slice(fifth, 2 * fifth),
    train: pairs.filter((name) => !kept.has(name) && new Set(name.split(' ')).size === 2),
  };
}

export const names = splitNames();

/** Two names of a split that share no word. */
export function drawNames(split: Split, random: Random): [string, string] {
  const one = random.pick(names[split]);
  for (;;) {
    const other = random.pick(names[split]);
    const words = one.split(' ');
    if (!other.split(' ').some((word) => words.includes(word))) return [one, other];
  }
}
