/**
 * Arithmetic word problems, seeded: 2 to 6 equations on numbers up to 60.
 *
 * The splits share no wording, no name and no combination of numbers: one in ten pairs of summands
 * (and of minuend and subtrahend) is reserved for the test and one in twenty for validation;
 * training contains none of those, and every test problem contains at least one. Multiplication
 * and division facts are shared, since a times table cannot be inferred from half of it.
 */
import type { Random } from '../math/random.js';
import { createRandom } from '../math/random.js';
import {
  closers, connectors, families, items, plainStarts, targetClosers, unseenFamily, type Family, type Manner,
} from './families.js'; // prettier-ignore
import { drawNames } from './names.js';
import type { Problem, Split, Step } from './types.js';
import { UsageError } from '../text/usageError.js';
import { shownName } from '../text/given.js';

export interface ProblemsOptions {
  split: Split;
  count: number;
  /** Default 0. */
  seed?: number;
  /** Index of the first problem. Default 0. */
  from?: number;
}

/** `count` problems of a split; the i-th depends on split, seed and i alone. */
export function* generateProblems(options: ProblemsOptions): Generator<Problem> {
  const from = options.from ?? 0;
  for (let i = from; i < from + options.count; i++) {
    yield problemById(`${options.split}-${options.seed ?? 0}-${i}`);
  }
}

/** `<split>-<seed>-<index>` */
export const generatedId = /^(train|validation|test)-\d+-\d+$/;

/**
 * The problem with this id.
 * @throws where the id is not of the form `<split>-<seed>-<index>`.
 */
export function problemById(id: string): Problem {
  const split = generatedId.exec(id)?.[1] as Split | undefined;
  if (split === undefined) {
    throw new UsageError(
      `problem: no problem has the id "${shownName(id)}" (expected e.g. "test-0-17")`,
    );
  }
  const random = createRandom(`problem/${id}`);
  // Length and the unseen family are drawn once, so that rejection does not favour long problems.
  const length = random.pick(lengths);
  const unseenAt =
    split === 'test' && random.next() < unseenShare ? 1 + random.integer(length - 1) : -1;
  for (;;) {
    const problem = draft({ id, split, random, length, unseenAt });
    if (problem !== null && belongs(problem, split)) return problem;
  }
}

/**
 * The generated problem that a question is; null for one of somebody's own, whatever its id looks
 * like.
 */
export function knownProblem({ id, question }: Pick<Problem, 'id' | 'question'>): Problem | null {
  if (!generatedId.test(id)) return null;
  const problem = problemById(id);
  return problem.question === question.trim() ? problem : null;
}

/** Which split a sum or difference is reserved for; null for one that all may use. */
export function reservedFor(step: Pick<Step, 'left' | 'operator' | 'right'>): Split | null {
  if (step.operator !== '+' && step.operator !== '-') return null;
  const order =
    step.operator === '+' ? [step.left, step.right].sort((a, b) => a - b) : [step.left, step.right];
  const slot = createRandom(`pair/${order.join(step.operator)}`).integer(20);
  return slot < 2 ? 'test' : slot === 2 ? 'validation' : null;
}

function belongs(problem: Problem, split: Split): boolean {
  const reserved = problem.steps.map(reservedFor).filter((owner) => owner !== null);
  if (split === 'train') return reserved.length === 0;
  return reserved.length > 0 && reserved.every((owner) => owner === split);
}

const lengths = [2, 2, 2, 3, 3, 3, 4, 4, 5, 6] as const;
const manners: readonly Manner[] = ['plain', 'plain', 'chatty', 'hasty'];
/** One test problem in six has a step of the family that training never sees. */
const unseenShare = 1 / 6;

interface Draft {
  split: Split;
  random: Random;
  amount: number;
  subject: string;
  other: string;
  item: string;
  text: string[];
  steps: Step[];
}

interface Plan {
  id: string;
  split: Split;
  random: Random;
  /** Equations. */
  length: number;
  /** Index of the step of the unseen family, or −1. */
  unseenAt: number;
}

function draft({ id, split, random, length, unseenAt }: Plan): Problem | null {
  const people = drawNames(split, random);
  const [subject, other] = people;
  const d: Draft = {
    split,
    random,
    amount: 0,
    subject,
    other,
    item: random.pick(items),
    text: [],
    steps: [],
  };
  start(d);
  while (d.steps.length < length) {
    const unseen = unseenAt === d.steps.length;
    if (!addStep(d, d.steps.length === length - 1, unseen)) return null;
  }
  d.text.push(closingQuestion(d));
  const used = d.steps.map((step) => step.family);
  return {
    id, split,
    question: d.text.join(' '),
    answer: String(d.amount),
    steps: d.steps,
    people,
    families: used,
    group: used.includes(unseenFamily) ? 'unseen' : 'seen',
  }; // prettier-ignore
}

function start(d: Draft): void {
  const bags = families.find((family) => family.place === 'start');
  if (bags === undefined || d.random.next() < 0.75) {
    d.amount = 3 + d.random.integer(36);
    d.text.push(fill(d.random.pick(plainStarts[d.split]), d, { k: d.amount }));
    return;
  }
  const count = 2 + d.random.integer(7);
  const each = bags.draw(count, d.random) ?? 2;
  d.text.push(fill(d.random.pick(bags.wordings[d.split]), d, { n: count, k: each }));
  pushStep(d, bags, { left: count, right: each, result: bags.result(count, each) });
}

function addStep(d: Draft, last: boolean, unseen: boolean): boolean {
  const fitting = families.filter((family) =>
    unseen
      ? family.name === unseenFamily
      : family.name !== unseenFamily &&
        (family.place === 'middle' || (family.place === 'end' && last)),
  );
  for (let tries = 0; tries < 8; tries++) {
    const family = d.random.pick(fitting);
    const k = family.draw(d.amount, d.random);
    if (k === null || (family.newItem === 'coins' && d.item === 'coins')) continue;
    if (family.newItem === 'container' && ['bags', 'boxes', 'coins'].includes(d.item)) continue;
    const wording = d.random.pick(family.wordings[d.split]);
    d.text.push(connected(d.random.pick(connectors), fill(wording, d, { k })));
    if (family.changesSubject) [d.subject, d.other] = [d.other, d.subject];
    if (family.newItem === 'coins') d.item = 'coins';
    if (family.newItem === 'container') d.item = wording.includes('boxes') ? 'boxes' : 'bags';
    const [left, right] = family.reversed ? [k, d.amount] : [d.amount, k];
    pushStep(d, family, { left, right, result: family.result(d.amount, k) });
    return true;
  }
  return false;
}

function pushStep(
  d: Draft,
  family: Family,
  numbers: Pick<Step, 'left' | 'right' | 'result'>,
): void {
  d.amount = numbers.result;
  d.steps.push({
    family: family.name,
    operator: family.operator,
    ...numbers,
    subject: d.subject,
    item: d.item,
  });
}

function closingQuestion(d: Draft): string {
  const manner = d.random.pick(manners);
  const target = d.steps.at(-1)?.family === 'target';
  return fill(target ? targetClosers[manner] : d.random.pick(closers[manner][d.split]), d, {});
}

function fill(wording: string, d: Draft, numbers: Record<string, number>): string {
  const values: Record<string, string | number> = {
    S: d.subject,
    M: d.other,
    i: d.item,
    ...numbers,
  };
  return wording.replace(/\{(\w)\}/g, (_, key: string) => String(values[key]));
}

/** Only names, and the nouns that follow a connector in lower case, keep their capital. */
function connected(connector: string, sentence: string): string {
  if (connector === '') return sentence;
  return (
    connector + sentence.replace(/^(Now|The|There|Compared|For)\b/, (word) => word.toLowerCase())
  );
}

/** The manner in which a question is put, as its closing words show. */
export function mannerOf(question: string): Manner {
  if (question.includes('Quick:')) return 'hasty';
  return /[Cc]an you tell me/.test(question) ? 'chatty' : 'plain';
}
