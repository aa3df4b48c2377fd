/** What a judge's reply says, read strictly. */

export const verdictLetters = ['A', 'B', 'C'] as const;
/** C: neither is better. */
export type VerdictLetter = (typeof verdictLetters)[number];

export interface Verdict {
  letter: VerdictLetter;
  /** Where the letter stands in the reply, in UTF-16 units. */
  at: number;
}

/**
 * The verdict of a reply; null where it gives none, or several that differ. What stands in
 * `<think>…</think>` is passed over.
 */
export function readVerdict(reply: string): Verdict | null {
  // As many characters, so that places stay.
  const said = reply.replace(/^\s*<think>[\s\S]*?(<\/think>|$)/, (thought) =>
    ' '.repeat(thought.length),
  );
  const found = [...said.matchAll(/\[\[([ABC])\]\]/g)];
  const letters = new Set(found.map(([, letter]) => letter));
  const [last] = found.slice(-1);
  const letter = verdictLetters.find((known) => known === last?.[1]);
  return last && letter && letters.size === 1 ? { letter, at: last.index + 2 } : null;
}
