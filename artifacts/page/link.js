/** What is set, as the part of an address behind `#`, and back. A link may hold anything. */

/** @import { StrengthAsked } from '../../src/serve/strength.js' */
/** @typedef {{ question: string, seed: number, temperature: number, rounds: number, stepwise: boolean, applies: string, settings: StrengthAsked[] }} State */

/** @param {State} state */
export function toHash({ settings, ...rest }) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) parts.set(name, String(value));
  for (const one of settings) parts.append('setting', JSON.stringify(one));
  return `#${parts.toString()}`;
}

/** What can be read of it; the rest is left out. @param {string} hash @returns {Partial<State>} */
export function fromHash(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (/** @type {string} */ name, /** @type {number} */ most) => {
    const value = Number(parts.get(name) ?? NaN);
    return value >= 0 && value <= most ? { [name]: value } : {};
  };
  const question = parts.get('question');
  const applies = parts.get('applies');
  return {
    ...(question && { question: question.slice(0, 100_000) }),
    ...number('seed', Number.MAX_SAFE_INTEGER),
    ...number('temperature', 2),
    ...number('rounds', 64),
    ...(parts.has('stepwise') && { stepwise: parts.get('stepwise') === 'true' }),
    ...((applies === 'next' || applies === 'again') && { applies }),
    settings: parts.getAll('setting').slice(0, 2).flatMap(strengthIn),
  };
}

/** @param {string} text @returns {StrengthAsked[]} none where it is no strength */
function strengthIn(text) {
  let given;
  try {
    given = /** @type {unknown} */ (JSON.parse(text));
  } catch {
    return [];
  }
  if (typeof given !== 'object' || given === null) return [];
  const { coefficient, target, off, layers, direction } = /** @type {Record<string, unknown>} */ (given); // prettier-ignore
  return [
    {
      ...(typeof coefficient === 'number' && { coefficient }),
      ...(typeof target === 'number' && { target }),
      ...(off === true && { off }),
      ...(Array.isArray(layers) && { layers: layers.filter(Number.isInteger) }),
      ...(typeof direction === 'string' && { direction }),
    },
  ];
}
