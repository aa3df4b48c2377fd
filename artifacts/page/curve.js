/** The calibration curve under the slider: what each coefficient gives, what is asked for, what came of it. */
import { fixed } from './dom.js';

/** @import { Info } from '../../src/serve/info.js' */
/** @typedef {NonNullable<Info['directions'][number]['calibration']>} Curve by ascending coefficient */
/** @typedef {{ coefficient: number, ratio: number }} Place */

const [width, height] = [320, 130];
const margin = { left: 30, right: 10, top: 10, bottom: 22 };

/**
 * The fitted edit ratio at a coefficient, between points on a straight line; null outside of them.
 * @param {Curve} curve
 * @param {number} coefficient
 */
export function ratioAt(curve, coefficient) {
  for (const [left, right] of segments(curve)) {
    if (coefficient < left.coefficient || coefficient > right.coefficient) continue;
    const share = (coefficient - left.coefficient) / (right.coefficient - left.coefficient || 1);
    return left.fitted + share * (right.fitted - left.fitted);
  }
  return null;
}

/**
 * Where the curve has an edit ratio; of several places the one that pushes least. Null: nowhere.
 * @param {Curve} curve
 * @param {number} ratio
 */
export function coefficientAt(curve, ratio) {
  const found = segments(curve).flatMap(([left, right]) => {
    if (ratio < left.fitted || ratio > right.fitted) return [];
    if (left.fitted === right.fitted) return [Math.min(Math.max(0, left.coefficient), right.coefficient)]; // prettier-ignore
    const share = (ratio - left.fitted) / (right.fitted - left.fitted);
    return [left.coefficient + share * (right.coefficient - left.coefficient)];
  });
  return found.length === 0 ? null : found.reduce((best, one) => (Math.abs(one) < Math.abs(best) ? one : best)); // prettier-ignore
}

/** @param {Curve} curve @returns {[Curve[number], Curve[number]][]} */
function segments(curve) {
  return curve.slice(1).flatMap((right, i) => {
    const left = curve[i];
    return left ? [/** @type {[Curve[number], Curve[number]]} */ ([left, right])] : [];
  });
}

/**
 * Draws the curve anew.
 * @param {HTMLElement} figure
 * @param {{ curve: Curve, asked: Place | null, achieved: Place | null }} what
 */
export function drawCurve(figure, { curve, asked, achieved }) {
  const places = [asked, achieved].flatMap((place) => place ?? []);
  const ends = [...curve, ...places].map(({ coefficient }) => coefficient);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const highest = Math.max(0.01, ...curve.map(({ interval }) => interval[1]), ...places.map(({ ratio }) => ratio)); // prettier-ignore
  const x = (/** @type {number} */ coefficient) => margin.left + ((coefficient - least) / (most - least || 1)) * (width - margin.left - margin.right); // prettier-ignore
  const y = (/** @type {number} */ ratio) => height - margin.bottom - (ratio / highest) * (height - margin.top - margin.bottom); // prettier-ignore
  const line = (/** @type {readonly [number, number][]} */ points) => points.map(([c, r]) => `${x(c).toFixed(1)},${y(r).toFixed(1)}`).join(' '); // prettier-ignore
  const upper = curve.map(({ coefficient, interval }) => /** @type {[number, number]} */ ([coefficient, interval[1]])); // prettier-ignore
  const lower = curve.map(({ coefficient, interval }) => /** @type {[number, number]} */ ([coefficient, interval[0]])); // prettier-ignore
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': described({ curve, asked, achieved }) }); // prettier-ignore
  svg.append(
    shape('polygon', { class: 'band', points: line([...upper, ...lower.reverse()]) }),
    shape('path', { class: 'axis', d: `M${margin.left} ${margin.top}V${y(0)}H${width - margin.right}` }), // prettier-ignore
    shape('polyline', { class: 'line', points: line(curve.map(({ coefficient, fitted }) => [coefficient, fitted])) }), // prettier-ignore
    ...(asked ? [shape('path', { class: 'guide', d: `M${margin.left} ${y(asked.ratio)}H${x(asked.coefficient)}V${y(0)}` }), shape('circle', { class: 'asked', cx: x(asked.coefficient), cy: y(asked.ratio), r: 4.5 })] : []), // prettier-ignore
    ...(achieved ? [shape('path', { class: 'achieved', d: diamond(x(achieved.coefficient), y(achieved.ratio)) })] : []), // prettier-ignore
    label(x(least), height - 6, fixed(least), 'start'),
    label(x(most), height - 6, fixed(most), 'end'),
    label((x(least) + x(most)) / 2, height - 6, 'coefficient', 'middle'),
    label(margin.left - 4, y(highest) + 8, fixed(highest), 'end'),
    label(margin.left - 4, y(0), '0', 'end'),
  );
  figure.querySelector('svg')?.remove();
  figure.prepend(svg);
}

/** For who does not see it. @param {{ curve: Curve, asked: Place | null, achieved: Place | null }} what */
function described({ curve, asked, achieved }) {
  const [first, last] = [curve[0], curve.at(-1)];
  const range = first && last ? `from ${fixed(first.fitted)} at coefficient ${fixed(first.coefficient)} to ${fixed(last.fitted)} at ${fixed(last.coefficient)}` : ''; // prettier-ignore
  const goal = asked ? ` Asked for: ${fixed(asked.ratio)} at coefficient ${fixed(asked.coefficient)}.` : ''; // prettier-ignore
  const came = achieved ? ` This answer: ${fixed(achieved.ratio)} at coefficient ${fixed(achieved.coefficient)}.` : ''; // prettier-ignore
  return `Calibration curve: mean edit ratio ${range}.${goal}${came}`;
}

/** @param {number} x @param {number} y */
function diamond(x, y) {
  return `M${x - 6} ${y}L${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}Z`;
}

/** @param {number} x @param {number} y @param {string} text @param {'start' | 'middle' | 'end'} anchor */
function label(x, y, text, anchor) {
  const made = shape('text', { x, y, 'text-anchor': anchor });
  made.textContent = text;
  return made;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function shape(tag, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
