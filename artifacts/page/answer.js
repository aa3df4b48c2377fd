/** The answer at one setting: its sentences, upstream beside corrected, and their totals. */
import { element, find, fixed, fromTemplate, percent } from './dom.js';
import { layersText } from './setting.js';

/** @import { PlayEvent } from '../../src/serve/play.js' */
/** @typedef {Extract<PlayEvent, { kind: 'start' }>['strength']} Strength */
/** @typedef {Extract<PlayEvent, { kind: 'round' }>} RoundEvent */
/** @typedef {Extract<PlayEvent, { kind: 'end' }>} EndEvent */
/** A round, and the strength it was corrected at. @typedef {RoundEvent & { strength: Strength | null }} Round */

/** Why the loop ended; anything else is told as it is. */
const endings = /** @type {Record<string, string>} */ ({
  'end-of-answer': 'The answer is complete.',
  'empty-correction': 'The corrector has nothing to add: the answer is complete.',
  'empty-after-cleaning': 'The corrector wrote nothing but signs that are not text.',
  'upstream-silent': 'The upstream has nothing to add.',
  'max-rounds': 'As many sentences as were asked for.',
  'max-length': 'The answer has reached its largest length.',
  context: 'There is no room left in the model’s context.',
});

export class Answer {
  /** @type {Round[]} */
  rounds = [];
  /** @type {Strength | null} */
  strength = null;
  /** @type {EndEvent | null} */
  end = null;

  /**
   * @param {{ name: string, onReadings: (index: number) => void, onAgain: (index: number) => void }} options
   */
  constructor({ name, onReadings, onAgain }) {
    this.root = fromTemplate('answer');
    this.name = name;
    this.onReadings = onReadings;
    this.onAgain = onAgain;
    this.list = find(this.root, '.rounds', HTMLOListElement);
    this.list.setAttribute('aria-label', `Sentences at setting ${name}`);
    find(this.root, 'h2', HTMLElement).textContent = `Answer at setting ${name}`;
  }

  /** What stands in the answer before a round, or all of it. @param {number} [before] */
  text(before = this.rounds.length) {
    return this.rounds.slice(0, before).map(({ text }) => text).join(''); // prettier-ignore
  }

  /** Goes on behind the rounds that are kept. @param {number} kept */
  begin(kept) {
    this.rounds.length = Math.min(kept, this.rounds.length);
    while (this.list.children.length > this.rounds.length) this.list.lastElementChild?.remove();
    this.end = null;
    this.#say('.empty', this.rounds.length > 0 ? null : 'Waiting for the first sentence …');
    this.#say('.end', null);
    this.#total();
  }

  /** @param {Strength} strength */
  start(strength) {
    this.strength = strength;
    const { coefficient, target, off, layers, direction } = strength;
    const amount = `coefficient ${fixed(coefficient)}${target === null ? '' : `, aimed at an edit ratio of ${fixed(target)}`}`; // prettier-ignore
    const where = direction === null ? '' : `, direction ${direction}, ${layersText(layers)}`;
    this.#say('.strength', off ? 'Corrector off.' : `Corrected at ${amount}${where}.`);
  }

  /** @param {RoundEvent} event */
  add(event) {
    this.rounds.push({ ...event, strength: this.strength });
    this.#say('.empty', null);
    this.list.append(this.#row(event, this.rounds.length - 1));
    this.#total();
  }

  /** @param {EndEvent} event */
  finish(event) {
    this.end = event;
    this.#say('.empty', this.rounds.length > 0 ? null : 'The answer is empty.');
    this.#say('.end', endings[event.reason ?? ''] ?? 'The answer ended.');
    this.#total();
  }

  /** Ended from here, or by an error. @param {string} why */
  breakOff(why) {
    this.#say('.empty', this.rounds.length > 0 ? null : why);
    this.#say('.end', this.rounds.length > 0 ? why : null);
  }

  /** Whether the next sentence can be asked for. */
  get mayGoOn() {
    return this.end ? this.end.reason === 'max-rounds' : this.rounds.length > 0;
  }

  /** Which round's readings are shown. @param {number | null} index */
  mark(index) {
    for (const [i, row] of [...this.list.children].entries()) {
      row.querySelector('[aria-pressed]')?.setAttribute('aria-pressed', String(i === index));
    }
  }

  /** @returns {{ copyRate: number | null, editRatio: number | null }} of the rounds that have an edit ratio */
  totals() {
    const compared = this.rounds.filter(({ round }) => round.editRatio !== null);
    if (compared.length === 0) return { copyRate: null, editRatio: null };
    const sum = compared.reduce((total, { round }) => total + (round.editRatio ?? 0), 0);
    const copied = this.rounds.filter(({ round }) => round.copied).length;
    return { copyRate: copied / compared.length, editRatio: sum / compared.length };
  }

  #total() {
    const { copyRate, editRatio } = this.totals();
    const first = this.end?.totals.firstSentence ?? this.rounds[0]?.elapsed ?? null;
    const shown = {
      copyRate: copyRate === null ? '–' : percent(copyRate),
      editRatio: editRatio === null ? '–' : fixed(editRatio),
      rounds: String(this.rounds.filter(({ text }) => text !== '').length),
      first: first === null ? '–' : `${Math.round(first)} ms`,
    };
    for (const [name, text] of Object.entries(shown)) {
      find(this.root, `[data-of=${name}]`, HTMLElement).textContent = text;
    }
  }

  /** @param {RoundEvent} event @param {number} index */
  #row({ round, changes, readings }, index) {
    const number = index + 1;
    const silent = round.y1 === '' && round.y2 === '';
    const parts = (/** @type {'removed' | 'added'} */ kind) =>
      changes
        .filter((change) => change.kind === 'same' || change.kind === kind)
        .map(({ kind: is, text }) => (is === 'same' ? text : element(is === 'added' ? 'ins' : 'del', null, text))); // prettier-ignore
    const again = element('button', { type: 'button', onclick: () => this.onAgain(index) }, 'Again from here'); // prettier-ignore
    again.setAttribute('aria-label', `Again from here: sentence ${number} of setting ${this.name}`);
    const foot = element('div', { className: 'foot' }, element('span', { className: 'verdict' }, `${number}. ${verdict(round)}`), again); // prettier-ignore
    if (readings) {
      const show = element('button', { type: 'button', onclick: () => this.onReadings(index) }, 'Readings'); // prettier-ignore
      show.setAttribute('aria-pressed', 'false');
      show.setAttribute('aria-label', `Readings of sentence ${number} of setting ${this.name}`);
      foot.append(show);
    }
    const pair = element('div', { className: 'pair' }, half('Upstream', parts('removed')), half('Corrected', parts('added'))); // prettier-ignore
    return element('li', null, ...(silent ? [] : [pair]), foot);
  }

  /** @param {string} selector @param {string | null} text */
  #say(selector, text) {
    const line = find(this.root, selector, HTMLElement);
    line.hidden = text === null;
    line.textContent = text ?? '';
  }
}

/** @param {string} who @param {(Node | string)[]} parts */
function half(who, parts) {
  // The space before a sentence belongs to the answer, not to a column of sentences.
  const [first] = parts;
  if (typeof first === 'string') parts[0] = first.trimStart();
  else if (first) first.textContent = (first.textContent ?? '').trimStart();
  const nothing = element('span', { className: 'note' }, 'nothing');
  return element(
    'div',
    null,
    element('div', { className: 'who' }, who),
    element('p', null, ...(parts.length === 0 ? [nothing] : parts)),
  );
}

/** @param {RoundEvent['round']} round */
export function verdict({ copied, unchecked, editRatio, y1, y2 }) {
  if (y1 === '' && y2 === '') return 'Both have nothing to add';
  if (unchecked) return 'Not checked: the corrector failed';
  if (y1 === '') return 'Added by the corrector';
  if (copied) return 'Copied';
  if (y2 === '') return 'Struck out by the corrector';
  return editRatio === null ? 'Corrected' : `Corrected, edit ratio ${fixed(editRatio)}`;
}
