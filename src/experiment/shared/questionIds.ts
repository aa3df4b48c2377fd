/** Ids that tell questions apart. */
import { firstTwice } from '../../text/firstTwice.js';
import { shownName } from '../../text/given.js';

/** @throws where two questions have one id: their records could not be told apart. */
export function checkQuestionIds(questions: readonly { id: string }[], subject: string): void {
  const twice = firstTwice(questions.map(({ id }) => id));
  if (twice !== undefined) {
    throw new Error(
      `${subject}: two questions have the id "${shownName(twice)}" (expected one of each)`,
    );
  }
}
