/** The sentences of an answer, each in its place. */
import { splitSentences } from '../text/sentences.js';

/**
 * Every sentence of an answer behind what stands before it, verbatim, as the loop has them: a sentence
 * has the white space in front of it, the last one also what is behind it, so that prefix and sentence
 * joined are the beginning of the answer.
 */
export function sentencePlaces(answer: string): { prefix: string; last: string }[] {
  const ends: number[] = [];
  let at = 0;
  for (const piece of splitSentences(answer)) {
    if (piece.trim() !== '') ends.push(at + piece.trimEnd().length);
    at += piece.length;
  }
  return ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    const until = i === ends.length - 1 ? answer.length : end;
    return { prefix: answer.slice(0, start), last: answer.slice(start, until) };
  });
}
