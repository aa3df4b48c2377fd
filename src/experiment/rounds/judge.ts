/** Answers judged as wholes and sentence by sentence, a batch at a time; equal ones once. */
import type { Question } from '../../data/types.js';
import { scoreAnswers } from '../../judge/scoreAnswers.js';
import type { Judges } from '../../judge/judgesFor.js';
import { annotatePlaces, type SentenceJudge, type SentencePlace } from '../../judge/sentences.js';
import { codePointLength } from '../../text/codePoints.js';
import { splitSentences } from '../../text/sentences.js';
import type { RoundsAnswer } from './shape.js';

/** When a sentence counts as right for an answer's score. */
export const scoreRule =
  'a sentence is right where the solver finds it good or neutral (right content, whatever its form) ' +
  'after the sentences before it; an answer without a sentence scores 0';

/** A judged answer, by the question's id and the text. */
export type Judged = (question: Question, text: string) => RoundsAnswer;

interface Text {
  question: Question;
  text: string;
  sentences: string[];
}

/**
 * Judges texts. An answer's score is the share of right sentences: it is cut by `splitSentences` and
 * each sentence annotated after those that stand before it, right ones or not. So a wrong step also
 * costs those that build on it, and a sentence after the complete answer counts as wrong.
 */
export async function judgeTexts(
  given: readonly { question: Question; text: string }[],
  { scorers, sentences: judge, signal }: Judges & { signal?: AbortSignal },
): Promise<Judged> {
  const keyOf = ({ id }: Question, text: string): string => JSON.stringify([id, text]);
  const unique = new Map(
    given.map(({ question, text }): [string, Text] => [
      keyOf(question, text),
      { question, text, sentences: sentencesOf(text) },
    ]),
  );
  const texts = [...unique.values()];
  const items = texts.map(({ question, text }) => ({ question, answer: text }));
  const verdicts = await scoreAnswers(items, { scorers, signal });
  const shares = judge ? await rightShares(texts, judge, signal) : [];
  const answers = new Map<string, RoundsAnswer>(
    texts.map(({ question, text, sentences }, i) => [
      keyOf(question, text),
      {
        text,
        ...(verdicts[i] ?? { right: null }),
        score: shares[i] ?? null,
        sentences: sentences.length,
        characters: codePointLength(text),
      },
    ]),
  );
  return (question, text) => {
    const answer = answers.get(keyOf(question, text));
    if (!answer) throw new Error(`rounds: an answer to ${question.id} was not judged`);
    return answer;
  };
}

function sentencesOf(text: string): string[] {
  return splitSentences(text)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** One per text. */
async function rightShares(
  texts: readonly Text[],
  judge: SentenceJudge,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const places = texts.flatMap(({ question, sentences }) =>
    sentences.map((last, index): SentencePlace => {
      return { question, prefix: sentences.slice(0, index).join(' '), last };
    }),
  );
  const annotations = await annotatePlaces(judge, places, { signal });
  let at = 0;
  return texts.map(({ sentences }) => {
    const own = annotations.slice(at, (at += sentences.length));
    const right = own.filter(({ quality }) => quality === 'good' || quality === 'neutral').length;
    return right / Math.max(1, sentences.length);
  });
}
