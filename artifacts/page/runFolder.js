/** A run folder of what was asked and answered, as one file: a tar archive (POSIX ustar). */

/** @typedef {{ name: string, text: string }} Entry */

const block = 512;

/**
 * @param {readonly Entry[]} entries names in ASCII, at most 100 letters
 * @param {Date} date
 */
export function archive(entries, date) {
  const encoder = new TextEncoder();
  const parts = entries.flatMap(({ name, text }) => {
    const bytes = encoder.encode(text);
    const rest = new Uint8Array((block - (bytes.length % block)) % block);
    return [header({ name, size: bytes.length, date }), bytes, rest];
  });
  // Two empty blocks end an archive.
  return new Blob([...parts, new Uint8Array(2 * block)], { type: 'application/x-tar' });
}

/** @param {{ name: string, size: number, date: Date }} of */
function header({ name, size, date }) {
  const bytes = new Uint8Array(block);
  const put = (/** @type {number} */ at, /** @type {string} */ text) => bytes.set(new TextEncoder().encode(text), at); // prettier-ignore
  const octal = (/** @type {number} */ value, /** @type {number} */ digits) => `${value.toString(8).padStart(digits, '0')}\0`; // prettier-ignore
  put(0, name);
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(Math.floor(date.getTime() / 1000), 11));
  // The sum is taken with spaces in its own place.
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\0' + '00');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/**
 * The files of a run folder, as `readPlayRun` reads them.
 * @param {import('../../src/serve/playRun.js').PlayRun} run
 * @param {string} folder
 * @returns {Entry[]}
 */
export function runFiles({ manifest, records, summary }, folder) {
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  return [
    { name: `${folder}/manifest.json`, text: `${JSON.stringify(manifest, null, 2)}\n` },
    { name: `${folder}/records.jsonl`, text: lines.join('') },
    { name: `${folder}/play.json`, text: `${JSON.stringify(summary, null, 2)}\n` },
  ];
}

/** @import { Info } from '../../src/serve/info.js' */
/** @typedef {{ state: import('./link.js').State, asked: string, link: string, answers: import('./answer.js').Answer[] }} Played */

/**
 * What was asked and answered, as `readPlayRun` hands it out.
 * @param {Info} info
 * @param {Played} played
 * @param {Date} date
 * @returns {import('../../src/serve/playRun.js').PlayRun}
 */
export function runOf(
  { version, model, upstream, corrector },
  { state, asked, link, answers },
  date,
) {
  const { settings, ...options } = state;
  const input = (/** @type {string} */ name, /** @type {Info['upstream']} */ who) => ({ name, path: who.name, sha256: who.sha256 }); // prettier-ignore
  return {
    manifest: {
      ...{ command: 'play', options: { ...options, question: asked, settings } },
      ...{ seeds: { seed: options.seed }, versions: { 'aligner-lab': version }, device: 'served' },
      inputs: [input('upstream', upstream), input('corrector', corrector)],
      started: date.toISOString(),
    },
    records: answers.flatMap(
      (answer) =>
      answer.rounds.map(({ round, text, changes, readings, elapsed, strength }) => ({ setting: nameOf(answer), strength, round, text, changes, readings, elapsed })), // prettier-ignore
    ),
    summary: {
      ...{ model, question: asked, link },
      answers: answers.map((answer) => {
        const { strength, rounds, end } = answer;
        return { setting: nameOf(answer), strength, text: answer.text(), rounds: rounds.length, ...answer.totals(), reason: end?.reason ?? null }; // prettier-ignore
      }),
    },
  };
}

/** @param {import('./answer.js').Answer} answer */
function nameOf({ name }) {
  return name === 'B' ? 'B' : 'A';
}
