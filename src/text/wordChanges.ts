/** What became of a sentence, word by word. */
import { diffWords } from 'diff';

export interface WordChange {
  kind: 'same' | 'removed' | 'added';
  text: string;
}

/** Beyond it the search for the shortest difference takes seconds, and nobody could read it. */
const mostEdits = 2000;

/** In order; without the removed parts it is `after`, without the added ones `before`, but for white space. */
export function wordChanges(before: string, after: string): WordChange[] {
  const parts = diffWords(before, after, { maxEditLength: mostEdits });
  if (!parts) return [{ kind: 'removed', text: before }, { kind: 'added', text: after }]; // prettier-ignore
  return parts.map(({ value, added, removed }) => ({
    kind: removed ? 'removed' : added ? 'added' : 'same',
    text: value,
  }));
}
