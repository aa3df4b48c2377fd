/**
 * What a corrector did with the sentences so far: shown early, so that a wrong prompt, a missing end
 * token or a model that is no corrector is seen after a minute, not after an hour.
 */

import { isCopy } from '../text/copied.js';
import { countNotes, noteWarnings, type NoteCounts, type TextNote } from '../text/notes.js';

/** What became of a sentence. */
export type Deed = 'copied' | 'changed' | 'cutOff' | 'empty' | 'tooLong';

/** A sentence, and what the corrector wrote in its place. */
export interface Written {
  /** y1 */
  last: string;
  /** y2 */
  output: string;
  /** `stop`: the corrector ended its turn itself. */
  finish: string;
  notes?: readonly TextNote[];
}

export interface LabelCounts {
  /** Sentences so far. */
  done: number;
  /** Of them all. */
  total: number;
  counts: Record<Deed, number>;
  notes: NoteCounts;
  /** The first of each kind that there is. */
  examples: Partial<Record<Deed, Written>>;
}

const deeds: Readonly<Record<Deed, string>> = {
  copied: 'copied',
  changed: 'changed',
  cutOff: 'cut off',
  empty: 'empty',
  tooLong: 'too long for the model',
};
const order = Object.keys(deeds) as Deed[];

/** After so many sentences a run that cannot succeed says so. */
export const earlySentences = 60;

export function countLabels(written: readonly Written[], total: number): LabelCounts {
  const counts = { copied: 0, changed: 0, cutOff: 0, empty: 0, tooLong: 0 };
  const examples: LabelCounts['examples'] = {};
  for (const each of written) {
    const deed = deedOf(each);
    counts[deed]++;
    examples[deed] ??= each;
  }
  return { done: written.length, total, counts, notes: countNotes(written), examples };
}

/** A copy that did not end is one: it has the label of one. */
function deedOf({ last, output, finish }: Written): Deed {
  if (finish === 'context') return 'tooLong';
  if (output === '') return 'empty';
  if (isCopy({ last, correction: output })) return 'copied';
  return finish === 'stop' ? 'changed' : 'cutOff';
}

/** The counts, and one output of each kind, a line each. */
export function describeLabels(given: LabelCounts): string[] {
  const { done, total, counts, notes, examples } = given;
  const lines = order.flatMap((deed) => {
    const example = examples[deed];
    if (!example) return [];
    const { last, output } = example;
    const shown = deed === 'copied' ? quoted(last) : `${quoted(last)} → ${quoted(output)}`;
    return [`  ${deeds[deed].padEnd(8)} ${shown}`];
  });
  const noted = noteWarnings(notes, done).map((warning) => `  ${warning}`);
  return [`labelled ${done} of ${total} sentences: ${listed(counts)}`, ...lines, ...noted];
}

/**
 * @throws where the first {@link earlySentences} sentences are all of one label: the rest will hardly
 *   be otherwise, and a direction needs both.
 */
export function checkEarly({ done, counts }: LabelCounts): void {
  const labelled = done - counts.tooLong;
  if (done < earlySentences || (counts.copied > 0 && counts.copied < labelled)) return;
  const none = counts.copied === 0 ? 'copied' : 'corrected';
  throw new Error(
    `stimuli: none of the first ${done} sentences was ${none} (${listed(counts)}), and a direction needs both; ` +
      `${remedy(counts, done)}, or go on anyway with --keep-labelling`,
  );
}

function remedy({ cutOff, empty, copied, tooLong }: Record<Deed, number>, done: number): string {
  if (tooLong === done) return 'give shorter ones, or take a model with more positions';
  if (copied + tooLong === done && copied > 0)
    return 'give sentences with faults among them (--stimuli)';
  if (cutOff > done / 2) {
    return 'most outputs were cut off, so check that eos_token_id in generation_config.json is the token that ends a turn';
  }
  if (empty > done / 2) {
    return 'most outputs are empty, so check the chat template and that the model was trained on this prompt';
  }
  return 'check that the model was trained to copy good sentences, on this prompt and with this chat template';
}

function listed(counts: Record<Deed, number>): string {
  const seen = order.filter((deed) => deed !== 'tooLong' || counts.tooLong > 0);
  return seen.map((deed) => `${counts[deed]} ${deeds[deed]}`).join(', ');
}

const widest = 100;

/** As JSON, so that line breaks and control characters are seen and not obeyed. */
function quoted(text: string): string {
  const letters = Array.from(text);
  return JSON.stringify(letters.length <= widest ? text : `${letters.slice(0, widest).join('')}…`);
}
