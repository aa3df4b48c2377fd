/** One answer judged as a whole and sentence by sentence. */
import type { Problem } from '../../data/types.js';
import { codePointLength } from '../../text/codePoints.js';
import { splitSentences } from '../../text/sentences.js';
import type { RoundsAnswer, RoundsJudge } from './types.js';

/** When a sentence counts as right for an answer's score. */
export const scoreRule =
  'a sentence is right where the solver finds it good or neutral (right content, whatever its form) ' +
  'after the sentences before it; an answer without a sentence scores 0';

/**
 * An answer with the judge's word on it. Its score is the share of right sentences: the answer is
 * cut by `splitSentences` and each sentence annotated after those that stand before it, right ones or
 * not. So a wrong step also costs those that build on it, and a sentence after the complete answer
 * counts as wrong.
 */
export function judgeAnswer(problem: Problem, text: string, judge: RoundsJudge): RoundsAnswer {
  const sentences = splitSentences(text)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
  const { annotate } = judge;
  const isRight = (last: string, index: number): boolean => {
    const prefix = sentences.slice(0, index).join(' ');
    const quality = annotate?.({ problem, prefix, last }).quality;
    return quality === 'good' || quality === 'neutral';
  };
  const right = sentences.filter(isRight).length;
  return {
    text,
    right: judge.isRight(problem, text),
    score: annotate ? right / Math.max(1, sentences.length) : null,
    sentences: sentences.length,
    characters: codePointLength(text),
  };
}
