/**
 * What is worth a note about a sentence and its correction: kept in the records, counted in the
 * summaries, and said as a warning. Nothing is cut or passed over without one.
 */

import { hasSentence, isBlank } from './copied.js';

export const textNotes = ['unwritable', 'controlsInLast', 'controls', 'marker'] as const;

/**
 * `unwritable`: the corrector's tokenizer cannot write this y1; `controlsInLast`, `controls`: control
 * characters were taken out of y1, of y2; `marker`: a marker of the prompt was taken out of y2, with
 * what stood behind it.
 */
export type TextNote = (typeof textNotes)[number];

export type NoteCounts = Partial<Record<TextNote, number>>;

/** Those that there are, in one order, or nothing: for records. */
export function notesOf(...lists: readonly (readonly TextNote[] | undefined)[]): {
  notes?: TextNote[];
} {
  const found = new Set(lists.flatMap((list) => list ?? []));
  return found.size === 0 ? {} : { notes: textNotes.filter((note) => found.has(note)) };
}

/** How many items have which note; notes that none has are absent. */
export function countNotes(
  items: Iterable<{ notes?: readonly TextNote[] | undefined }>,
): NoteCounts {
  const counts: NoteCounts = {};
  for (const { notes = [] } of items) {
    for (const note of notes) counts[note] = (counts[note] ?? 0) + 1;
  }
  return counts;
}

/** The sum of several counts. */
export function sumNotes(all: Iterable<NoteCounts | undefined>): NoteCounts {
  const sum: NoteCounts = {};
  for (const counts of all) {
    for (const note of textNotes) {
      const more = counts?.[note] ?? 0;
      if (more > 0) sum[note] = (sum[note] ?? 0) + more;
    }
  }
  return sum;
}

const words: Record<TextNote, string> = {
  unwritable:
    '(y1) hold what the corrector’s tokenizer cannot write; they count as copied where y2 has their tokens',
  controlsInLast: 'of the upstream held control characters, which were taken out',
  controls: 'came back with control characters, which were taken out',
  marker: 'came back with a marker of the prompt, which was taken out with what stood behind it',
};

/** A warning for each note that occurs. @param total sentences that were looked at, where known */
export function noteWarnings(counts: NoteCounts, total?: number): string[] {
  return textNotes.flatMap((note) => {
    const count = counts[note] ?? 0;
    const of = total === undefined ? '' : ` of ${total}`;
    return count === 0 ? [] : [`${count}${of} texts ${words[note]}`];
  });
}

/** A warning where some y1 are written but no sentences, so that no rate counts them. */
export function wordlessWarnings(lasts: readonly string[]): string[] {
  const written = lasts.filter((last) => !isBlank(last));
  const wordless = written.filter((last) => !hasSentence(last));
  if (wordless.length === 0) return [];
  return [
    `wordless: ${wordless.length} of ${written.length} sentences of the upstream (y1) hold neither letter nor digit, such as ${JSON.stringify(wordless[0]?.trim())}; they are in no rate and no mean`,
  ];
}
