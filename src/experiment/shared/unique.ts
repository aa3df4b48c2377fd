/** The first value that occurs twice, where records are told apart by it. */
export function firstTwice(values: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size);
}

/** @throws where two questions have one id: their records could not be told apart. */
export function checkQuestionIds(questions: readonly { id: string }[], subject: string): void {
  const twice = firstTwice(questions.map(({ id }) => id));
  if (twice !== undefined) {
    throw new Error(`${subject}: two questions have the id "${twice}" (expected one of each)`);
  }
}
