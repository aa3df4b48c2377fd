/** Ids that tell questions apart. */
import { firstTwice } from '../../text/firstTwice.js';

/** @throws where two questions have one id: their records could not be told apart. */
export function checkQuestionIds(questions: readonly { id: string }[], subject: string): void {
  const twice = firstTwice(questions.map(({ id }) => id));
  if (twice !== undefined) {
    throw new Error(`${subject}: two questions have the id "${twice}" (expected one of each)`);
  }
}
