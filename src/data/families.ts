/**
 * The families of steps that arithmetic word problems are made of, each with its wordings.
 *
 * Wordings of validation and test are other arrangements of words that training uses: a model
 * that was trained from scratch can know no others. The family `times` never occurs in training.
 *
 * Placeholders: `{S}` whose things are counted, `{M}` another person, `{i}` the things,
 * `{k}` and `{n}` numbers.
 */
import type { Random } from '../math/random.js';
import type { Operator, Split } from './types.js';

/** The largest number that occurs in a problem. */
export const largestNumber = 99;

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

const drawSum: Draw = (amount, random) => between(2, Math.min(40, largestNumber - amount), random);
const drawDifference: Draw = (amount, random) => between(2, Math.min(40, amount - 2), random);
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

export const families: readonly Family[] = [
  {
    name: 'bags',
    operator: 'x',
    place: 'start',
    draw: (_amount, random) => between(2, 12, random),
    result: times,
    wordings: {
      train: [
        '{S} has {n} bags with {k} {i} in each bag.',
        '{S} owns {n} boxes of {k} {i}.',
        'There are {n} bags with {k} {i} each, and {S} owns them all.',
      ],
      validation: ['{S} has {n} boxes with {k} {i} each.'],
      test: [
        'There are {n} boxes of {k} {i}, and {S} has them all.',
        '{S} owns {n} bags with {k} {i} each.',
      ],
    },
  },
  {
    name: 'add',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    wordings: {
      train: [
        '{S} buys {k} more {i}.',
        '{S} finds {k} {i}.',
        '{M} gives {k} {i} to {S}.',
        '{S} gets {k} more {i} from {M}.',
        '{S} picks up another {k} {i}.',
      ],
      validation: ['{S} gets another {k} {i}.'],
      test: ['{S} finds another {k} {i}.', '{M} gives {k} more {i} to {S}.'],
    },
  },
  {
    name: 'join',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    wordings: {
      train: [
        '{M} brings {k} {i} and leaves them with {S}.',
        '{M} has {k} {i} and puts them with those of {S}.',
      ],
      validation: ['{M} puts {k} {i} with those of {S}.'],
      test: ['{M} brings {k} {i} and puts them with those of {S}.', '{M} leaves {k} {i} with {S}.'],
    },
  },
  {
    name: 'subtract',
    operator: '-',
    place: 'middle',
    draw: drawDifference,
    result: minus,
    wordings: {
      train: [
        '{S} gives {k} {i} to {M}.',
        '{S} loses {k} {i}.',
        '{S} uses {k} of the {i}.',
        '{M} takes {k} {i} from {S}.',
        '{S} throws {k} {i} away.',
      ],
      validation: ['{S} throws away {k} of the {i}.'],
      test: ['{M} takes {k} of the {i} away.', '{S} loses {k} of the {i}.'],
    },
  },
  {
    name: 'double',
    operator: 'x',
    place: 'middle',
    draw: drawTwo,
    result: times,
    wordings: {
      train: [
        '{S} doubles the number of {i}.',
        'Now {S} has twice as many {i}.',
        '{S} ends up with 2 times as many {i}.',
        'The number of {i} doubles.',
      ],
      validation: ['{S} gets twice as many {i}.'],
      test: ['{S} ends up with twice as many {i}.', 'Now {S} has 2 times as many {i}.'],
    },
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
      test: ['{S} ends up with {k} times as many {i}.', 'Now {S} has {k} times as many {i}.'],
    },
  },
  {
    name: 'halve',
    operator: '/',
    place: 'middle',
    draw: drawHalf,
    result: over,
    wordings: {
      train: [
        '{S} gives half of the {i} to {M}.',
        '{S} loses half of the {i}.',
        '{S} uses half of the {i}.',
        '{M} takes half of the {i}.',
      ],
      validation: ['{S} throws half of the {i} away.'],
      test: ['{S} throws away half of the {i}.', '{M} gets half of the {i}.'],
    },
  },
  {
    name: 'share',
    operator: '/',
    place: 'middle',
    draw: drawDivisor,
    result: over,
    wordings: {
      train: [
        '{S} puts the {i} equally into {k} boxes and keeps one box.',
        '{S} splits the {i} into {k} equal parts and keeps one part.',
        '{S} sorts the {i} into {k} equal groups and keeps one group.',
      ],
      validation: ['{S} splits the {i} into {k} equal groups and keeps one group.'],
      test: [
        '{S} splits the {i} equally into {k} parts and keeps one part.',
        '{S} puts the {i} into {k} equal boxes and keeps one box.',
      ],
    },
  },
  {
    name: 'pack',
    operator: '/',
    place: 'middle',
    draw: drawDivisor,
    result: over,
    newItem: 'container',
    wordings: {
      train: [
        '{S} packs all the {i} into boxes of {k}.',
        '{S} puts the {i} into bags, {k} in each bag.',
      ],
      validation: ['{S} packs the {i} into bags of {k}.'],
      test: [
        '{S} puts all the {i} into boxes of {k}.',
        '{S} packs the {i} into bags, {k} in each bag.',
      ],
    },
  },
  {
    name: 'more',
    operator: '+',
    place: 'middle',
    draw: drawSum,
    result: plus,
    changesSubject: true,
    wordings: {
      train: [
        '{M} has {k} more {i} than {S}.',
        '{M} owns {k} more {i} than {S}.',
        'Compared with {S}, {M} has {k} more {i}.',
      ],
      validation: ['{M} has {k} {i} more than {S}.'],
      test: ['Compared with {S}, {M} owns {k} more {i}.', '{M} owns {k} {i} more than {S}.'],
    },
  },
  {
    name: 'fewer',
    operator: '-',
    place: 'middle',
    draw: drawDifference,
    result: minus,
    changesSubject: true,
    wordings: {
      train: [
        '{M} has {k} fewer {i} than {S}.',
        '{M} owns {k} fewer {i} than {S}.',
        'Compared with {S}, {M} has {k} fewer {i}.',
      ],
      validation: ['{M} has {k} {i} fewer than {S}.'],
      test: ['Compared with {S}, {M} owns {k} fewer {i}.', '{M} owns {k} {i} fewer than {S}.'],
    },
  },
  {
    name: 'price',
    operator: 'x',
    place: 'middle',
    draw: drawFactor(2, 9),
    result: times,
    newItem: 'coins',
    wordings: {
      train: [
        '{S} sells all the {i} for {k} coins each.',
        '{S} sells the {i} and gets {k} coins for each.',
        'For each of the {i}, {S} gets {k} coins.',
      ],
      validation: ['{S} gets {k} coins for each of the {i}.'],
      test: [
        '{S} sells all the {i} and gets {k} coins for each.',
        '{S} sells the {i} for {k} coins each.',
      ],
    },
  },
  {
    name: 'target',
    operator: '-',
    place: 'end',
    draw: (amount, random) => between(amount + 2, Math.min(amount + 40, largestNumber), random),
    result: (amount, k) => k - amount,
    reversed: true,
    wordings: {
      train: ['{S} wants to have {k} {i}.', '{S} wants a total of {k} {i}.'],
      validation: ['{S} wants {k} {i}.'],
      test: ['{S} wants to have a total of {k} {i}.', '{S} wants {k} {i} in the end.'],
    },
  },
];

/** Openings without an equation of their own. */
export const plainStarts: Record<Split, readonly string[]> = {
  train: [
    '{S} has {k} {i}.',
    '{S} starts with {k} {i}.',
    '{S} owns {k} {i}.',
    'There are {k} {i}, and {S} owns them all.',
  ],
  validation: ['{S} starts with a total of {k} {i}.'],
  test: ['There are {k} {i}, and {S} has them all.', '{S} owns a total of {k} {i}.'],
};

/** Words before a step. */
export const connectors: Record<Split, readonly string[]> = {
  train: ['', '', '', 'Then ', 'After that, ', 'Later, '],
  validation: ['', '', 'Then ', 'Then, later, ', 'Later, '],
  test: ['', '', 'Then ', 'Later, after that, ', 'Then, after that, '],
};

/** How a question is put: plainly, chattily, or in a hurry. */
export type Manner = 'plain' | 'chatty' | 'hasty';

/** The closing question; the upstream's corpus answers each manner in kind. */
export const closers: Record<Manner, Record<Split, readonly string[]>> = {
  plain: {
    train: ['How many {i} does {S} have?', 'How many {i} does {S} have in the end?'],
    validation: ['In the end, how many {i} does {S} have?'],
    test: ['How many {i} does {S} have after all that?', 'In the end, how many {i} does {S} have?'],
  },
  chatty: {
    train: [
      'Can you tell me how many {i} {S} has?',
      'Can you tell me how many {i} {S} has in the end?',
    ],
    validation: ['Can you tell me in the end how many {i} {S} has?'],
    test: ['In the end, can you tell me how many {i} {S} has?'],
  },
  hasty: {
    train: ['Quick: how many {i} does {S} have?', 'Quick: how many {i} does {S} have in the end?'],
    validation: ['Quick: in the end, how many {i} does {S} have?'],
    test: ['Quick: how many {i} does {S} have after all that?'],
  },
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
