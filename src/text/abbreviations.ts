/** Full stops that do not end a sentence: abbreviations, initials, list numbers. */

/** Before a name: never the end of a sentence. With their capital, as `gen` or `rep` are words. */
const titles = new Set(
  'Dr Mr Mrs Ms Mx Prof St Mt Gen Col Sgt Capt Lt Maj Rev Hon Gov Sen Rep Messrs'.split(' '),
);

/** Always followed by more. */
const connectors = new Set('vs cf viz approx ca eg ie resp incl esp'.split(' '));

/** Before a number only: `No. 5` and `in Fig. 3`, but `The answer is no.` */
const references = new Set(
  (
    'fig figs eq eqs no nos vol vols ch chap sec art p pp pt ex ref refs para tab def thm prop ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec'
  ).split(' '),
);

/** Of those, the ones that a number in brackets may follow: `Eq. (3)`, `Ref. [4]`. */
const bracketed = new Set(
  'fig figs eq eqs ch chap sec ref refs tab def thm prop vol vols'.split(' '),
);

/** After a name or a list: no end before a small letter or a bracket, an end before most else. */
const trailers = new Set('etc al inc ltd co corp jr sr est dept bros'.split(' '));

const listNumber = /^(?:\d{1,3}|\p{L}|[ivx]{1,5})$/u;
const numberedHeading =
  /^(?:step|case|part|method|option|example|problem|question|exercise|chapter|section)\s+(?:\d{1,3}|\p{L}|[ivx]{1,5})$/iu;

/**
 * Whether a single full stop closes an abbreviation, an initial or a list number.
 * @param head the piece so far, up to the full stop, without it.
 * @param next the first character after the white space; empty at the end of the text.
 */
export function isAbbreviation(head: string, next: string): boolean {
  // Markdown's marks and opening quotes say nothing about the word behind them.
  const plain = head.replace(/^[\s#>*_+-]+/u, '').replace(/^["'“‘([{]+/u, '');
  if (listNumber.test(plain) || numberedHeading.test(plain)) return true;
  const word = (/\S*$/u.exec(plain)?.[0] ?? '').replace(/^["'“‘([{*_]+/u, '');
  // Initials and dotted abbreviations (`J.`, `U.S.`, `e.g.`, `Ph.D.`); a lone small letter is a
  // variable: `Solve for x.`
  if (/^\p{Lu}$/u.test(word) || /^(?:\p{L}\p{Ll}?\.)+\p{L}$/u.test(word)) return true;
  const lower = word.toLowerCase();
  if (titles.has(word) || connectors.has(lower)) return true;
  if (references.has(lower)) {
    return /^\p{N}$/u.test(next) || (bracketed.has(lower) && /^[([]$/.test(next));
  }
  // `et al. 2004` names a year; a list before a number has ended.
  if (lower === 'al' && /^\p{N}$/u.test(next)) return true;
  return trailers.has(lower) && /^[\p{Ll},;:)([]$/u.test(next);
}
