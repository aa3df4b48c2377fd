/**
 * Solutions with slips that the writer takes back at once: `28 + 6, no, 5 = 33`. A model that reads
 * these learns to see a wrong number, sign or name where it stands, as a corrector has to; from
 * whole sentences judged right or wrong the same is learnt many times more slowly.
 */
import { createRandom, type Random } from '../math/random.js';
import { cleanSentences, mixedName, otherNumbers } from './corpus.js';
import { items } from './families.js';
import { equation } from './sentences.js';
import type { Solution } from './corpus.js';
import type { Problem, Step } from './types.js';

/** A piece of a solution: the writer's turn goes on after it. */
export interface OpenSolution extends Solution {
  open: true;
}

/** A word of a sentence, where it begins, and wrong words for it. */
interface Place {
  at: number;
  right: string;
  wrong: readonly string[];
}

/** Slips per sentence. */
const slipsPerSentence = 4;
/** Share of slips after which the right word is written too; the comma alone says as much. */
const resumedShare = 0.2;

/** A faultless solution, and then its beginnings up to a slip, each with how it is taken back. */
export function slippingSolution(problem: Problem, seed: number): (Solution | OpenSolution)[] {
  const random = createRandom(`slips/${seed}/${problem.id}`);
  const { id, question } = problem;
  const sentences = cleanSentences(problem, random);
  const rows: (Solution | OpenSolution)[] = [
    { problem: id, question, prefix: '', answer: sentences.join(' ') },
  ];
  sentences.forEach((sentence, i) => {
    const places = placesOf(problem, problem.steps[i], sentence, random);
    for (let n = 0; n < slipsPerSentence; n++) {
      const { at, right, wrong } = random.pick(places);
      const slips = wrong.filter((word) => !right.startsWith(word));
      if (slips.length === 0) continue;
      const before = [...sentences.slice(0, i), sentence.slice(0, at)].join(' ');
      const resumed = random.next() < resumedShare;
      rows.push({
        problem: id,
        question,
        prefix: before + random.pick(slips),
        answer: resumed ? `, no, ${right}` : ',',
        open: true,
      });
    }
  });
  return rows;
}

function placesOf(
  problem: Problem,
  step: Step | undefined,
  sentence: string,
  random: Random,
): Place[] {
  const near = (value: number): string[] =>
    [-10, -2, -1, 1, 2, 10].map((by) => value + by).flatMap((n) => (n < 0 ? [] : [String(n)]));
  if (step === undefined) {
    const right = problem.answer;
    return [{ at: sentence.indexOf(right), right, wrong: near(Number(problem.answer)) }];
  }
  const others = otherNumbers(problem, step).map(String);
  const start = sentence.indexOf(equation(step));
  const sign = start + String(step.left).length + 1;
  const result = start + equation(step).length - String(step.result).length;
  const number = (at: number, value: number, wrong: readonly string[]): Place => {
    const right = String(value);
    return { at, right, wrong: wrong.filter((word) => word !== right) };
  };
  const signs = ['+', '-', 'x', '/'].filter((other) => other !== step.operator);
  const places: Place[] = [
    number(start, step.left, others),
    { at: sign, right: step.operator, wrong: signs },
    number(sign + 2, step.right, others),
    number(result, step.result, near(step.result)),
    number(result, step.result, near(step.result)),
    {
      at: sentence.indexOf(step.item, result),
      right: step.item,
      wrong: items.filter((noun) => !problem.question.includes(noun)),
    },
  ];
  const named = sentence.indexOf(step.subject);
  if (named < 0) return places;
  const someone = problem.people.filter((name) => name !== step.subject);
  const wrong = [...someone, mixedName(problem, random)];
  return [...places, { at: named, right: step.subject, wrong }];
}
