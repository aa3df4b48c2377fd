/** One setting: the controls of a strength, and what they ask for. */
import { coefficientAt, drawCurve, ratioAt } from './curve.js';
import { find, fixed, fromTemplate } from './dom.js';

/** @import { Info } from '../../src/serve/info.js' */
/** @import { StrengthAsked } from '../../src/serve/strength.js' */
/** @import { Place } from './curve.js' */
/** @typedef {Info['directions'][number]} Direction */

export class Setting {
  /** What came of the last answer. @type {Place | null} */
  achieved = null;

  /** @param {{ name: string, info: Info, onChange: () => void }} options */
  constructor({ name, info, onChange }) {
    this.name = name;
    this.info = info;
    this.root = fromTemplate('setting');
    find(this.root, 'legend', HTMLLegendElement).textContent = `Setting ${name}`;
    this.direction = this.#field('direction', HTMLSelectElement);
    this.mode = this.#field('mode', HTMLSelectElement);
    this.coefficient = this.#field('coefficient', HTMLInputElement);
    this.target = this.#field('target', HTMLInputElement);
    this.from = this.#field('from', HTMLInputElement);
    this.to = this.#field('to', HTMLInputElement);
    for (const one of info.directions) this.direction.add(new Option(one.name, one.name));
    const { coefficient, target } = info.defaults;
    const [least, most] = info.bounds.coefficient;
    Object.assign(this.coefficient, { min: String(least), max: String(most) });
    this.coefficient.value = String(coefficient ?? 0);
    this.#choose();
    if (target !== null) this.load({ target });
    this.root.addEventListener('input', (event) => {
      if (event.target === this.direction) this.#choose();
      this.#keepOrder(event.target);
      this.#show();
      onChange();
    });
  }

  /** What the server is asked for. @returns {StrengthAsked} */
  asked() {
    const chosen = this.chosen;
    if (this.mode.value === 'off') return { off: true };
    if (!chosen) return {};
    const direction = this.info.directions.length > 1 ? { direction: chosen.name } : {};
    if (this.mode.value === 'target') return { target: Number(this.target.value), ...direction };
    return { coefficient: Number(this.coefficient.value), ...direction, ...this.#layersAsked() };
  }

  /** Shows what a link or the server asks for; what does not fit is left as it is. @param {StrengthAsked} asked */
  load(asked) {
    if (this.info.directions.some(({ name }) => name === asked.direction)) {
      this.direction.value = asked.direction ?? '';
    }
    this.#choose();
    if (asked.off === true && this.info.allowOff) this.mode.value = 'off';
    else if (asked.target !== undefined && this.chosen?.reach) this.mode.value = 'target';
    else this.mode.value = 'coefficient';
    if (asked.coefficient !== undefined) this.coefficient.value = String(asked.coefficient);
    if (asked.target !== undefined) this.target.value = String(asked.target);
    const places = (asked.layers ?? []).map((layer) => this.chosen?.available.indexOf(layer) ?? -1);
    if (places.length > 0 && !places.includes(-1)) {
      this.from.value = String(Math.min(...places));
      this.to.value = String(Math.max(...places));
    }
    this.#show();
  }

  /** @param {Place | null} place */
  showAchieved(place) {
    this.achieved = place;
    this.#showCurve();
  }

  /** @returns {Direction | null} null: the corrector cannot be steered */
  get chosen() {
    const { directions } = this.info;
    return directions.find(({ name }) => name === this.direction.value) ?? directions[0] ?? null;
  }

  /** Those between the sliders that have a direction. */
  get layers() {
    const { available = [] } = this.chosen ?? {};
    const places = [Number(this.from.value), Number(this.to.value)];
    const span = available.slice(Math.min(...places), Math.max(...places) + 1);
    return this.#asSaved(span) ? (this.chosen?.layers ?? []) : span;
  }

  #layersAsked() {
    const { layers } = this;
    return layers === this.chosen?.layers ? {} : { layers };
  }

  /** The sliders show the first and the last; saved layers may have gaps. @param {number[]} span */
  #asSaved(span) {
    const saved = this.chosen?.layers ?? [];
    return span[0] === Math.min(...saved) && span.at(-1) === Math.max(...saved);
  }

  /**
   * @template {HTMLElement} T
   * @param {string} name
   * @param {new () => T} kind
   */
  #field(name, kind) {
    return find(this.root, `[name=${name}]`, kind);
  }

  /** Bounds and layers of the direction that is chosen. */
  #choose() {
    const { chosen } = this;
    const { available = [], layers = [], reach = null } = chosen ?? {};
    for (const slider of [this.from, this.to]) slider.max = String(Math.max(0, available.length - 1)); // prettier-ignore
    this.from.value = String(available.indexOf(Math.min(...layers)));
    this.to.value = String(available.indexOf(Math.max(...layers)));
    if (reach) Object.assign(this.target, { min: fixed(reach[0]), max: fixed(reach[1]) });
    else if (this.mode.value === 'target') this.mode.value = 'coefficient';
    for (const option of this.mode.options) {
      const allowed = option.value === 'target' ? reach !== null : option.value !== 'off' || this.info.allowOff; // prettier-ignore
      Object.assign(option, { hidden: !allowed, disabled: !allowed });
    }
    this.#show();
  }

  /** @param {EventTarget | null} moved the other slider gives way to it */
  #keepOrder(moved) {
    if (Number(this.from.value) <= Number(this.to.value)) return;
    if (moved === this.from) this.to.value = this.from.value;
    else this.from.value = this.to.value;
  }

  #show() {
    const { chosen, info } = this;
    const mode = this.mode.value;
    const choices = [...this.mode.options].filter(({ disabled }) => !disabled).length;
    const shown = {
      direction: info.directions.length > 1 && mode !== 'off',
      mode: choices > 1,
      coefficient: chosen !== null && mode === 'coefficient',
      target: mode === 'target',
      from: chosen !== null && mode === 'coefficient',
      to: chosen !== null && mode === 'coefficient',
    };
    for (const [name, is] of Object.entries(shown)) {
      find(this.root, `[data-of=${name}]`, HTMLElement).hidden = !is;
    }
    const layerAt = (/** @type {HTMLInputElement} */ slider) => chosen?.available[Number(slider.value)] ?? 0; // prettier-ignore
    tell(this.coefficient, fixed(Number(this.coefficient.value)));
    tell(this.target, fixed(Number(this.target.value)));
    tell(this.from, String(layerAt(this.from)));
    tell(this.to, String(layerAt(this.to)));
    find(this.root, '.said', HTMLElement).textContent = this.#note();
    this.#showCurve();
  }

  /** The curve is of the layers as saved, and of no other. */
  #showCurve() {
    const { chosen, achieved } = this;
    const mode = this.mode.value;
    const curve = chosen?.calibration ?? null;
    const figure = find(this.root, '[data-of=curve]', HTMLElement);
    const held = mode === 'target' || (mode === 'coefficient' && this.layers === chosen?.layers);
    figure.hidden = curve === null || !held;
    if (curve && held) drawCurve(figure, { curve, asked: this.#place(curve), achieved });
  }

  /** What is asked for, on the curve; null where that ends before. @param {import('./curve.js').Curve} curve */
  #place(curve) {
    const byTarget = this.mode.value === 'target';
    const given = Number(byTarget ? this.target.value : this.coefficient.value);
    const coefficient = byTarget ? coefficientAt(curve, given) : given;
    const ratio = byTarget ? given : ratioAt(curve, given);
    return coefficient === null || ratio === null ? null : { coefficient, ratio };
  }

  #note() {
    const { chosen } = this;
    if (this.mode.value === 'off') return 'Sentences of the upstream leave as they are.';
    if (!chosen) return `${this.info.corrector.name} is not steered here: the server has no direction for it. It corrects as it does by itself.`; // prettier-ignore
    if (this.mode.value === 'target') return `Steers ${layersText(chosen.layers)} as strongly as its calibration says.`; // prettier-ignore
    const value = Number(this.coefficient.value);
    const sense = value === 0 ? 'Not pushed' : value > 0 ? 'Pushed towards correcting' : 'Pushed towards copying'; // prettier-ignore
    const expected = expectedRatio(chosen, value, this.layers === chosen.layers);
    return `${sense}${value === 0 ? '' : ` at ${layersText(this.layers)}`}.${expected}`;
  }
}

/** @param {HTMLInputElement} slider @param {string} value what it stands at, for eye and ear */
function tell(slider, value) {
  slider.setAttribute('aria-valuetext', value);
  const shown = slider.parentElement?.querySelector('.value');
  if (shown) shown.textContent = value;
}

/** @param {readonly number[]} layers */
export function layersText(layers) {
  const [first] = layers;
  if (layers.length < 2) return `layer ${first ?? '–'}`;
  const runs = layers.every((layer, i) => i === 0 || layer === (layers[i - 1] ?? 0) + 1);
  return `layers ${runs ? `${first} to ${layers.at(-1)}` : layers.join(', ')}`;
}

/**
 * What the calibration lets one expect.
 * @param {Direction} direction
 * @param {number} coefficient
 * @param {boolean} asSaved the curve is of the layers as saved
 */
function expectedRatio({ calibration }, coefficient, asSaved) {
  const ratio = calibration && asSaved ? ratioAt(calibration, coefficient) : null;
  return ratio === null ? '' : ` Its calibration expects an edit ratio of ${fixed(ratio)}.`;
}
