/**
 * The exact solver as an annotator: what is wrong with a sentence in its place, and what should
 * stand there instead. Follows the paper's instruction *rewrite the bad, improve the neutral, keep
 * the good*; a sentence after the end of a complete answer is answered by the empty correction.
 */
import {
  answerForm, bareForms, bareTargetForms, fillForm, goodForms, hedges, improve, improvedAnswerForm,
  padding, rewrite, rewrittenAnswerForm, wrap,
} from './sentences.js'; // prettier-ignore
import { splitSentences } from '../text/sentences.js';
import type { Annotation, Fault, Problem, Step } from './types.js';

export interface Place {
  problem: Problem;
  /** The corrected answer so far. */
  prefix: string;
  /** The upstream's next sentence. */
  last: string;
}

/** Annotates one sentence in its place. */
export function annotate({ problem, prefix, last }: Place): Annotation {
  const done = progress(problem, prefix);
  const sentence = last.trim();
  if (done > problem.steps.length) {
    return { quality: sentence === '' ? 'missing' : 'surplus', fault: null, correction: '' };
  }
  const wanted = rewritten(problem, done);
  if (sentence === '') return { quality: 'missing', fault: null, correction: wanted };
  const fault = judge(problem, done, sentence);
  if (fault === null) return { quality: 'good', fault: null, correction: sentence };
  if (isNeutral(fault)) return { quality: 'neutral', fault, correction: improved(problem, done) };
  return { quality: 'bad', fault, correction: wanted };
}

/** The number that an answer says at its end, by the last "The answer is"; null where it says none. */
function saidAnswer(answer: string): string | null {
  return [...answer.matchAll(/\banswer is (?:maybe )?(\d+)/g)].at(-1)?.[1] ?? null;
}

/** Whether an answer says the right number at its end. */
export function isRight(problem: Problem, answer: string): boolean {
  const said = saidAnswer(answer);
  return said !== null && Number(said) === Number(problem.answer);
}

/**
 * How much of the solution a prefix has established: the number of steps, plus one when the answer
 * has been said. A wrong sentence in it establishes nothing, so its step is due again.
 */
export function progress(problem: Problem, prefix: string): number {
  let done = 0;
  for (const piece of splitSentences(prefix)) {
    if (done > problem.steps.length) break;
    const fault = judge(problem, done, piece.trim());
    if (fault === null || isNeutral(fault)) done++;
  }
  return done;
}

function isNeutral(fault: Fault): boolean {
  return fault === 'hedged' || fault === 'wordy' || fault === 'no-equation';
}

function rewritten(problem: Problem, done: number): string {
  const step = problem.steps[done];
  return step ? rewrite(step) : rewrittenAnswerForm.replace('{r}', problem.answer);
}

function improved(problem: Problem, done: number): string {
  const step = problem.steps[done];
  return step ? improve(step) : improvedAnswerForm.replace('{r}', problem.answer);
}

const equationPattern = /(\d+) ([-+x/]) (\d+) = (\d+)/;
const fullName = /\b(?!Now\b)[A-Z][a-z]+ [A-Z][a-z]+\b/g;
const hedgeWords = /\b(think|maybe|perhaps|seems|sure)\b/i;

/** The fault of a sentence where step `done` is due; null for a good one. */
function judge(problem: Problem, done: number, sentence: string): Fault | null {
  const step = problem.steps[done];
  const claims = [...sentence.matchAll(new RegExp(equationPattern, 'g'))];
  if (claims.length > 1) return 'unreadable';
  if (/\banswer is\b/.test(sentence) && claims.length === 0) {
    return judgeAnswer(problem, step, sentence);
  }
  if (claims.length === 1) return judgeEquation(problem, done, sentence);
  if (!/\d/.test(sentence)) return 'off-topic';
  if (step === undefined) return 'repeated';
  return judgeBare(step, sentence);
}

function judgeAnswer(problem: Problem, due: Step | undefined, sentence: string): Fault | null {
  const said = Number(/\banswer is (?:maybe )?(\d+)/.exec(sentence)?.[1]);
  if (due !== undefined || said !== Number(problem.answer)) return 'wrong-answer';
  const accepted = [answerForm, improvedAnswerForm, rewrittenAnswerForm];
  return form(
    sentence,
    accepted.map((text) => text.replace('{r}', problem.answer)),
  );
}

function judgeEquation(problem: Problem, done: number, sentence: string): Fault | null {
  const step = problem.steps[done];
  const said = readEquation(sentence);
  if (step === undefined || said === null) return 'repeated';
  if (!sameOperands(said, step)) {
    if (problem.steps.slice(0, done).some((earlier) => sameOperands(said, earlier)))
      return 'repeated';
    return said.operator === step.operator ? 'wrong-number' : 'wrong-operation';
  }
  if (said.result !== step.result) return 'wrong-result';
  const named = sentence.match(fullName) ?? [];
  if (named.some((name) => name !== step.subject)) return 'wrong-subject';
  if (!new RegExp(`= ${step.result} ${step.item}\\b`).test(sentence)) return 'wrong-subject';
  return form(sentence, acceptedForms(step, said));
}

function judgeBare(step: Step, sentence: string): Fault {
  const forms = step.family === 'target' ? bareTargetForms : bareForms;
  if (forms.some((text) => fillForm(text, step) === sentence)) return 'no-equation';
  const hedged = [...hedges, ...padding].some((wrapper) =>
    forms.some((text) => wrap(wrapper, fillForm(text, step)) === sentence),
  );
  return hedged ? 'no-equation' : 'wrong-result';
}

type Claim = Pick<Step, 'left' | 'operator' | 'right' | 'result'>;

function readEquation(sentence: string): Claim | null {
  const [, left, operator, right, result] = equationPattern.exec(sentence) ?? [];
  if (operator === undefined) return null;
  return {
    left: Number(left),
    operator: operator as Step['operator'],
    right: Number(right),
    result: Number(result),
  };
}

/** Sums and products may be written either way round. */
function sameOperands(said: Claim, step: Claim): boolean {
  if (said.operator !== step.operator) return false;
  const straight = said.left === step.left && said.right === step.right;
  const commutes = step.operator === '+' || step.operator === 'x';
  return straight || (commutes && said.left === step.right && said.right === step.left);
}

/** Every accepted sentence for a step, with the equation in the order it was written. */
function acceptedForms(step: Step, said: Claim): string[] {
  const written = { ...step, left: said.left, right: said.right };
  return [
    ...goodForms(step).map((text) => fillForm(text, written)),
    improve(written),
    rewrite(written),
  ];
}

/** A sentence whose content is right: good in an accepted form, else hedged or wordy. */
function form(sentence: string, accepted: readonly string[]): Fault | null {
  if (accepted.includes(sentence)) return null;
  return hedgeWords.test(sentence) ? 'hedged' : 'wordy';
}
