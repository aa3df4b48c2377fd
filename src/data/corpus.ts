/**
 * The upstream's corpus: step-by-step solutions as people write them. The manner of the question
 * is answered in kind: chatty ones with hedges and padding, hasty ones with slips; and some go on
 * after the answer. In part of the documents the first sentences are the annotator's, so that the
 * upstream has seen a corrected prefix; training leaves those without loss.
 */
import type { Random } from '../math/random.js';
import { createRandom } from '../math/random.js';
import { items, largestNumber, type Manner } from './families.js';
import { mannerOf } from './problems.js';
import {
  answerForm, asides, bareForms, bareTargetForms, fillForm, goodForms, hedges, improve, padding, rewrite, wrap, writeStep,
} from './sentences.js'; // prettier-ignore
import type { Operator, Problem, Step } from './types.js';

/** Solution text: `answer` continues `prefix`. */
export interface Solution {
  /** {@link Problem.id} */
  problem: string;
  question: string;
  prefix: string;
  answer: string;
}

/** Shares of neutral and of faulty sentences, by the manner of the question. */
const habits: Record<Manner, { neutral: number; slip: number }> = {
  plain: { neutral: 0.06, slip: 0.05 },
  chatty: { neutral: 0.55, slip: 0.05 },
  hasty: { neutral: 0.1, slip: 0.3 },
};
const ramblingShare = 0.12;
/** Share of written faulty sentences that confuse names, as small models do and the corpus does not. */
const misnamedShare = 0.2;

/** A solution as the upstream's corpus has it, faults included. */
export function corpusSolution(problem: Problem, seed: number): Solution {
  const random = createRandom(`corpus/${seed}/${problem.id}`);
  const { neutral, slip } = habits[mannerOf(problem.question)];
  const given = random.next() < 0.5 ? random.integer(problem.steps.length + 1) : 0;
  const prefix = problem.steps.slice(0, given).map((step) => writeCorrected(step, random));
  const written: string[] = [];
  let believed: number | null = null;
  for (let i = given; i < problem.steps.length; i++) {
    const step = carried(problem, i, believed);
    const fate = random.next();
    const spoilt = fate < slip ? slipOf(problem, i, step, random) : null;
    if (spoilt !== null) {
      written.push(spoilt.sentence);
      if (spoilt.believed === undefined) i--;
      else believed = spoilt.believed;
      continue;
    }
    written.push(fate < slip + neutral ? neutralStep(step, random) : writeStep(step, random));
    believed = step.result;
  }
  written.push(answerSentence(believed ?? Number(problem.answer), random.next() < neutral, random));
  if (random.next() < ramblingShare) written.push(aside(problem, random));
  return {
    problem: problem.id,
    question: problem.question,
    prefix: prefix.join(' '),
    answer: written.join(' '),
  };
}

/** A solution without a fault, in the corpus's good forms: what a corrector's first stage reads. */
export function cleanSolution(problem: Problem, seed: number): Solution {
  const random = createRandom(`clean/${seed}/${problem.id}`);
  return {
    problem: problem.id,
    question: problem.question,
    prefix: '',
    answer: cleanSentences(problem, random).join(' '),
  };
}

/** The sentences of a solution without a fault. */
export function cleanSentences(problem: Problem, random: Random): string[] {
  const steps = problem.steps.map((step) => writeCorrected(step, random));
  return [...steps, answerForm.replace('{r}', problem.answer)];
}

function writeCorrected(step: Step, random: Random): string {
  const fate = random.next();
  if (fate < 0.6) return writeStep(step, random);
  return fate < 0.75 ? improve(step) : rewrite(step);
}

/** A faulty sentence for the step that is due: what a careless upstream might write there. */
export function faultySentence(problem: Problem, due: number, random: Random): string {
  const step = problem.steps[due];
  if (step === undefined) {
    const wrong = Math.max(0, Number(problem.answer) + random.pick([-10, -2, -1, 1, 2, 10]));
    return random.next() < 0.7 ? answerForm.replace('{r}', String(wrong)) : aside(problem, random);
  }
  if (random.next() < misnamedShare) return misnamedSentence(problem, step, random);
  for (;;) {
    const spoilt = slipOf(problem, due, step, random);
    if (spoilt !== null) return spoilt.sentence;
  }
}

/** A right equation of things or of a person that the question does not know. */
function misnamedSentence(problem: Problem, step: Step, random: Random): string {
  if (random.next() < 0.5) {
    const item = random.pick(items.filter((noun) => !problem.question.includes(noun)));
    return writeStep({ ...step, item }, random);
  }
  const forms = goodForms(step).filter((text) => text.includes('{S}'));
  return fillForm(random.pick(forms), { ...step, subject: mixedName(problem, random) });
}

/** One person's given name with the other's family name. */
export function mixedName(problem: Problem, random: Random): string {
  const [one, other] = random.shuffle(problem.people).map((name) => name.split(' '));
  return `${one?.[0] ?? ''} ${other?.[1] ?? ''}`;
}

/** A right sentence in a poor form for the step that is due. */
export function neutralSentence(problem: Problem, due: number, random: Random): string {
  const step = problem.steps[due];
  return step ? neutralStep(step, random) : answerSentence(Number(problem.answer), true, random);
}

/** The next step as one would take it who believes the amount to be another. */
function carried(problem: Problem, index: number, believed: number | null): Step {
  const step = problem.steps[index] as Step;
  const before = problem.steps[index - 1];
  if (believed === null || before === undefined || believed === before.result) return step;
  const reversed = step.family === 'target';
  const left = reversed ? step.left : believed;
  const right = reversed ? believed : step.right;
  const result = compute(left, step.operator, right);
  return result === null ? step : { ...step, left, right, result };
}

function compute(left: number, operator: Operator, right: number): number | null {
  const result =
    operator === '+'
      ? left + right
      : operator === '-'
        ? left - right
        : operator === 'x'
          ? left * right
          : left / right;
  return Number.isInteger(result) && result >= 0 && result <= largestNumber ? result : null;
}

interface Slip {
  sentence: string;
  /** What the writer now takes the amount to be; absent where the step was not taken. */
  believed?: number;
}

/** A slip at a step, or null where the drawn kind of slip is not possible there. */
function slipOf(problem: Problem, index: number, step: Step, random: Random): Slip | null {
  const draw = random.next();
  if (draw < 0.1) return { sentence: aside(problem, random, step) };
  if (draw < 0.2) {
    const earlier = index > 0 ? problem.steps[random.integer(index)] : undefined;
    return earlier ? { sentence: writeStep(earlier, random) } : null;
  }
  const changed = changedStep(problem, step, (draw - 0.2) / 0.8, random);
  if (changed === null) return null;
  // A wrong subject must be named to be wrong.
  const forms = goodForms(step).filter(
    (text) => changed.subject === step.subject || text.includes('{S}'),
  );
  return { sentence: fillForm(random.pick(forms), changed), believed: changed.result };
}

/** `draw` in [0, 1) chooses what is changed; null where that cannot be changed here. */
function changedStep(problem: Problem, step: Step, draw: number, random: Random): Step | null {
  if (draw < 0.4) return otherResult(step, random);
  if (draw < 0.65) return otherOperation(step, random);
  if (draw < 0.9) return otherNumber(problem, step, random);
  const other = problem.people.find((name) => name !== step.subject);
  return other ? { ...step, subject: other } : null;
}

function otherResult(step: Step, random: Random): Step | null {
  const result = step.result + random.pick([-10, -2, -1, -1, 1, 1, 2, 10]);
  return result < 0 || result > largestNumber ? null : { ...step, result };
}

function otherOperation(step: Step, random: Random): Step | null {
  const operator = random.pick(
    (['+', '-', 'x', '/'] as const).filter((sign) => sign !== step.operator),
  );
  const result = compute(step.left, operator, step.right);
  return result === null ? null : { ...step, operator, result };
}

function otherNumber(problem: Problem, step: Step, random: Random): Step | null {
  const changesLeft = random.next() < 0.5;
  const number = random.pick(otherNumbers(problem, step));
  const left = changesLeft ? number : step.left;
  const right = changesLeft ? step.right : number;
  const result = compute(left, step.operator, right);
  if (result === null || (left === step.left && right === step.right)) return null;
  return { ...step, left, right, result };
}

/** The numbers of the question and the results of other steps. */
export function otherNumbers(problem: Problem, step: Step): number[] {
  const seen = [...problem.question.matchAll(/\d+/g)].map((match) => Number(match[0]));
  return [...seen, ...problem.steps.filter((s) => s !== step).map((s) => s.result)];
}

function neutralStep(step: Step, random: Random): string {
  const draw = random.next();
  if (draw < 0.3)
    return fillForm(random.pick(step.family === 'target' ? bareTargetForms : bareForms), step);
  return wrap(random.pick(draw < 0.7 ? hedges : padding), writeStep(step, random));
}

function answerSentence(answer: number, neutral: boolean, random: Random): string {
  const plain = answerForm.replace('{r}', String(answer));
  return neutral ? wrap(random.pick([...hedges, ...padding]), plain) : plain;
}

function aside(problem: Problem, random: Random, step = problem.steps.at(-1) as Step): string {
  return fillForm(random.pick(asides), step);
}
