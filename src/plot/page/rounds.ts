/** The aligner loop round by round: upstream's sentence against what stands in the answer. */
import type { Round } from '../../align/loop.js';
import type { Page } from './page.js';
import { markup, type Markup, type MarkupPart } from '../../text/markup.js';
import { wordChanges } from '../../text/wordChanges.js';
import { colours, fixed, translucent } from '../figure.js';

/** What is shown of a round. */
export type ShownRound = Pick<Round, 'index' | 'phase' | 'last' | 'correction' | 'copied' | 'edit'>;

/** Struck out and underlined too, so that it does not rest on colour. */
const removed = markup`background:${translucent(colours.copy, 0.25)};text-decoration:line-through`;
const added = markup`background:${translucent(colours.correct, 0.3)};text-decoration:underline;margin-left:2px`;
const cell = markup`padding:2px 12px 2px 0;vertical-align:top;text-align:left`;

/**
 * A table with a line per round: copied sentences as they are, corrected ones as a word diff, the
 * edit ratio on hover. Text is escaped; styles are its own, for light and for dark ground.
 */
export function roundsHtml(options: { rounds: readonly ShownRound[] }): Markup {
  const rows = options.rounds.map((round) => {
    const { what, html } = describeRound(round);
    const ratio = round.edit?.editRatio;
    const title =
      ratio === undefined || ratio === null
        ? markup``
        : markup` title="edit ratio ${fixed(ratio)}"`;
    return markup`<tr${title}><td style="${cell}">${round.index + 1}</td><td style="${cell}">${what}</td><td style="${cell}">${html}</td></tr>`;
  });
  const head = ['round', 'what', 'sentence'].map(
    (name) => markup`<th style="${cell}">${name}</th>`,
  );
  return markup`<table class="rounds"><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

/** Caption of {@link roundsHtml}: how many rounds, and how the diff is read. */
export function roundsCaption(options: { rounds: readonly ShownRound[] }): string {
  const { rounds } = options;
  const copied = rounds.filter((round) => round.copied).length;
  return (
    `n = ${rounds.length} rounds of one answer, ${copied} copied. Struck out (blue): the upstream's ` +
    'words that were dropped; underlined (orange): the words that stand there now.'
  );
}

function describeRound(round: ShownRound): { what: string; html: MarkupPart } {
  const { phase, last, correction, copied } = round;
  if (phase === 'continued') return { what: 'written on', html: correction };
  if (copied) return { what: 'copied', html: correction };
  if (correction !== '') {
    return { what: last === '' ? 'added' : 'corrected', html: wordDiff(last, correction) };
  }
  const note = last === '' ? markup`<i>both have nothing to add</i>` : wordDiff(last, '');
  return { what: 'ended', html: note };
}

function wordDiff(before: string, after: string): MarkupPart {
  return wordChanges(before, after).map(({ kind, text }) => {
    if (kind === 'removed') return markup`<del style="${removed}">${text}</del>`;
    return kind === 'added' ? markup`<ins style="${added}">${text}</ins>` : text;
  });
}

/** One run of the aligner loop. */
export function roundsPage(answer: { question: string; rounds: readonly ShownRound[] }): Page {
  return {
    title: 'Aligner loop',
    introduction: answer.question,
    sections: [
      { heading: 'Round by round', caption: roundsCaption(answer), html: roundsHtml(answer) },
    ],
  };
}
