/**
 * The families of steps that arithmetic word problems are made of, each with its wordings.
 *
 * The family `times` never occurs in training.
 *
 * Placeholders: `{S}` whose things are counted, `{M}` another person, `{i}` the things,
 * `{k}` and `{n}` numbers.
 */
import type { Random } from '../math/random.js';
import type { Operator, Split } from './types.js';
import { splitWordings } from './wordings.js';

/** The largest number that occurs in a problem. */
export const largestNumber = 60;

/** Step numbers for the amount counted so far, or null where the family does not fit it. */
type Draw = (amount: number, random: Random) => number | null;

export interface Family {
  name: string;
  operator: Operator;
  /** `start` opens a problem with an equation of its own; `end` can only be the last step. */
  place: 'start' | 'middle' | 'end';
  draw: Draw;
  /** The amount after the step. */
  result: (amount: number, k: number) => number;
  /** Whether the equation is written `k − amount` instead of `amount ∘ k`. */
  reversed?: boolean;
  /** Whether the counted things now belong to the other person. */
  changesSubject?: boolean;
  /** What is counted afterwards, where that changes: a fixed noun, or the wording's own. */
  newItem?: 'coins' | 'container';
  wordings: Record<Split, readonly string[]>;
}

const between = (low: number, high: number, random: Random): number | null =>
  high < low ? null : low + random.integer(high - low + 1);

const drawSum: Draw = (amount, random) => between(2, Math.min(30, largestNumber - amount), random);
const drawDifference: Draw = (amount, random) => between(2, Math.min(30, amount - 2), random);
const drawTwo: Draw = (amount) => (amount * 2 <= largestNumber ? 2 : null);
const drawHalf: Draw = (amount) => (amount % 2 === 0 && amount >= 4 ? 2 : null);

const drawFactor =
  (low: number, high: number): Draw =>
  (amount, random) =>
    amount > 12 ? null : between(low, Math.min(high, Math.floor(largestNumber / amount)), random);

/** A divisor from 3 to 9 that leaves at least 2 of at most 12. */
const drawDivisor: Draw = (amount, random) => {
  const divisors = [3, 4, 5, 6, 7, 8, 9].filter(
    (k) => amount % k === 0 && amount / k >= 2 && amount / k <= 12,
  );
  return divisors.length === 0 ? null : random.pick(divisors);
};

const plus = (amount: number, k: number): number => amount + k;
const minus = (amount: number, k: number): number => amount - k;
const times = (amount: number, k: number): number => amount * k;
const over = (amount: number, k: number): number => amount / k;

/** The name of the family that only the test split contains. */
export const unseenFamily = 'times';

const doubled = '[Now {S} has|{S} ends up with|{S} soon has|{S} gets to]';

export const families: readonly Family[] = [
  {
    name: 'bags',
    operator: 'x',
    place: 'start',
    draw: (count, random) => between(2, Math.min(10, Math.floor(largestNumber / count)), random),
    result: times,
    wordings: splitWordings([
      '{S} [has|owns|starts with] {n} [bags|boxes] [of {k} {i}|with {k} {i} each|with {k} {i} in each].',
    ]),
  },
  {
    name: 'add',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    wordings: splitWordings([
      '{S} [buys|finds|gets|picks up] [{k} more|another {k}|{k}] {i}.',
      '{M} [gives|brings] {S} [{k} more|another {k}|{k}] {i}.',
    ]),
  },
  {
    name: 'join',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    wordings: splitWordings([
      '{M} [brings|has|finds|buys] {k} {i} and [gives them all to|leaves them all with] {S}.',
    ]),
  },
  {
    name: 'subtract',
    operator: '-',
    place: 'middle',
    draw: drawDifference,
    result: minus,
    wordings: splitWordings([
      '{S} [loses|uses|gives away|throws away|breaks] {k} [of the|of these|] {i}.',
      '{M} takes {k} [of the|of these|] {i} from {S}.',
      '{S} gives {k} [of the|of these|] {i} to {M}.',
    ]),
  },
  {
    name: 'double',
    operator: 'x',
    place: 'middle',
    draw: drawTwo,
    result: times,
    wordings: splitWordings([
      `${doubled} [twice as many|2 times as many|double the number of] {i}.`,
    ]),
  },
  {
    name: unseenFamily,
    operator: 'x',
    place: 'middle',
    draw: drawFactor(3, 5),
    result: times,
    wordings: {
      train: [],
      validation: [],
      test: ['Now {S} has', '{S} ends up with', '{S} soon has', '{S} gets to'].map(
        (opening) => `${opening} {k} times as many {i}.`,
      ),
    },
  },
  {
    name: 'halve',
    operator: '/',
    place: 'middle',
    draw: drawHalf,
    result: over,
    wordings: splitWordings([
      '{S} [loses|uses|gives away|throws away|breaks] half [of the|of all the|the] {i}.',
      '{M} takes half [of the|of all the|the] {i} from {S}.',
    ]),
  },
  {
    name: 'share',
    operator: '/',
    place: 'middle',
    draw: drawDivisor,
    result: over,
    wordings: splitWordings([
      '{S} [splits|sorts|divides] [the|all the] {i} into {k} equal [parts and keeps one part|groups and keeps one group|heaps and keeps one heap].',
    ]),
  },
  {
    name: 'pack',
    operator: '/',
    place: 'middle',
    draw: drawDivisor,
    result: over,
    newItem: 'container',
    wordings: splitWordings(['{S} [packs|puts|sorts] [the|all the] {i} into [boxes|bags] of {k}.']),
  },
  {
    name: 'more',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    changesSubject: true,
    wordings: splitWordings([
      '{M} [has|owns] {k} [more {i}|{i} more] than {S}[| has| owns].',
      'Compared with {S}, {M} [has|owns] {k} [more {i}|{i} more].',
    ]),
  },
  {
    name: 'fewer',
    operator: '-',
    place: 'middle',
    draw: drawDifference,
    result: minus,
    changesSubject: true,
    wordings: splitWordings([
      '{M} [has|owns] {k} [fewer {i}|{i} fewer] than {S}[| has| owns].',
      'Compared with {S}, {M} [has|owns] {k} [fewer {i}|{i} fewer].',
    ]),
  },
  {
    name: 'price',
    operator: 'x',
    place: 'middle',
    draw: drawFactor(2, 9),
    result: times,
    newItem: 'coins',
    wordings: splitWordings([
      '{S} sells [the|all the|all of the] {i} [for {k} coins each|at {k} coins each|and gets {k} coins for each].',
    ]),
  },
  {
    name: 'target',
    operator: '-',
    place: 'end',
    draw: (amount, random) => between(amount + 2, Math.min(amount + 30, largestNumber), random),
    result: (amount, k) => k - amount,
    reversed: true,
    wordings: splitWordings([
      '{S} [wants|wants to have|hopes for|hopes to have] [{k} {i}|a total of {k} {i}|{k} {i} in all].',
    ]),
  },
];

/** Openings without an equation of their own. */
export const plainStarts = splitWordings([
  '{S} [has|owns|starts with|begins with] [{k} {i}|a total of {k} {i}|{k} {i} in all].',
]);

/** Words before a step. */
export const connectors: readonly string[] = ['', '', '', 'Then ', 'After that, ', 'Later, '];

/** How a question is put: plainly, chattily, or in a hurry. */
export type Manner = 'plain' | 'chatty' | 'hasty';

const moments = '[| now| in the end| after all that| at last]';

/** The closing question; the upstream's corpus answers each manner in kind. */
export const closers: Record<Manner, Record<Split, readonly string[]>> = {
  plain: splitWordings([`How many {i} does {S} have${moments}?`]),
  chatty: splitWordings([`Can you tell me how many {i} {S} has${moments}?`]),
  hasty: splitWordings([`Quick: how many {i} does {S} have${moments}?`]),
};

/** The closing question of a problem that ends with the family `target`. */
export const targetClosers: Record<Manner, string> = {
  plain: 'How many more {i} does {S} need?',
  chatty: 'Can you tell me how many more {i} {S} needs?',
  hasty: 'Quick: how many more {i} does {S} need?',
};

export const items: readonly string[] = [
  'apples',
  'pens',
  'marbles',
  'cards',
  'books',
  'cups',
  'eggs',
  'stones',
  'shells',
  'nuts',
  'toys',
  'stamps',
  'beads',
  'keys',
  'plums',
  'seeds',
];
