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
 * How a judge gives its verdict: in a reply of its own words, or as what follows `[[`, with which its
 * reply is begun for it.
 */
export const verdictForms = ['written', 'begun'] as const;
export type VerdictForm = (typeof verdictForms)[number];

/** What a reply is begun with. */
export const verdictBeginning = '[[';

/** The verdict of a reply that was begun: what stands first in it counts, whatever follows. */
export function readBegunVerdict(reply: string): Verdict | null {
  const [, found] = /^\[\[([ABC])\]\]/.exec(reply) ?? [];
  const letter = verdictLetters.find((known) => known === found);
  return letter ? { letter, at: verdictBeginning.length } : null;
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
