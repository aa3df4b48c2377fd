/**
 * Quadruples from pairs of answers, without an annotator: what was preferred stands in for one.
 *
 * Both answers are cut into sentences. Where they part, the rejected answer's sentence is y1 and the
 * chosen one's is y2, behind the sentences that both share. A sentence of the chosen answer in its own
 * place, y1 = y2, shows what to copy. Only whole answers were compared, so that a pair says of no single
 * sentence that it is bad: `shared` asks for answers that go the same way before they part.
 */
import { createRandom } from '../math/random.js';
import type { DataSource } from './files/place.js';
import { streamPreferences, type ReadDataOptions } from './questionRows.js';
import { sentencePlaces } from './sentencePlaces.js';
import type { Quadruple, RecordedPreference } from './types.js';

export interface FromPreferencesOptions extends Omit<ReadDataOptions, 'calculator'> {
  /** Most copied sentences a pair, drawn from the chosen answer. Default 1. */
  copies?: number;
  /** So many sentences at the beginning must be the same, or the pair is left out. Default 0. */
  shared?: number;
  /** Draws the copied sentences. Default 0. */
  seed?: number;
  /** Told at the end. */
  onCounts?: (counts: PreferenceCounts) => void;
}

export interface PreferenceCounts {
  pairs: number;
  /** Quadruples where the answers part. */
  corrections: number;
  /** Of them: the chosen answer ends there, so that y2 is empty. */
  stops: number;
  /** Of them: the rejected answer ended there, so that y1 is empty. */
  continuations: number;
  /** Quadruples with y2 = y1. */
  copies: number;
  /** Pairs that share fewer sentences than asked for. */
  tooFewShared: number;
  /** Pairs whose sentences are the same, but for white space. */
  same: number;
}

/**
 * The quadruples of data of pairs, as they are read. Texts are verbatim: a sentence has the white space in
 * front of it, and prefix and correction joined begin the chosen answer.
 * @throws as {@link streamPreferences}
 */
export async function* quadruplesFromPreferences(
  source: DataSource,
  options: FromPreferencesOptions = {},
): AsyncGenerator<Quadruple> {
  const { copies = 1, shared = 0, seed = 0, onCounts, ...how } = options;
  const counts: PreferenceCounts = { pairs: 0, corrections: 0, stops: 0, continuations: 0, copies: 0, tooFewShared: 0, same: 0 }; // prettier-ignore
  for await (const pair of streamPreferences(source, how)) {
    const parted = partedQuadruple(pair);
    const drawn = createRandom(`copies/${seed}/${counts.pairs++}`);
    if (parted === null) counts.same++;
    else if (parted.shared < shared) counts.tooFewShared++;
    else {
      const { quadruple } = parted;
      counts.corrections++;
      if (quadruple.correction === '') counts.stops++;
      if (quadruple.last === '') counts.continuations++;
      const copied = drawn.shuffle(copiesOf(pair)).slice(0, copies);
      counts.copies += copied.length;
      yield quadruple;
      yield* copied;
    }
  }
  onCounts?.(counts);
}

/** Where two answers part, and how many sentences they share; null where they do not. */
function partedQuadruple({
  question,
  chosen,
  rejected,
}: RecordedPreference): { quadruple: Quadruple; shared: number } | null {
  const [wanted, unwanted] = [sentencePlaces(chosen), sentencePlaces(rejected)];
  const both = Math.max(wanted.length, unwanted.length);
  for (let shared = 0; shared < both; shared++) {
    // Where the chosen answer has ended, all of it is the prefix.
    const { prefix, last: correction } = wanted[shared] ?? { prefix: chosen, last: '' };
    const last = unwanted[shared]?.last ?? '';
    if (correction.trim() === last.trim()) continue;
    return { quadruple: { question, prefix, last, correction }, shared };
  }
  return null;
}

/** Every sentence of the chosen answer, copied in its place. */
function copiesOf({ question, chosen }: RecordedPreference): Quadruple[] {
  return sentencePlaces(chosen).map(({ prefix, last }) => {
    return { question, prefix, last, correction: last };
  });
}

/** A line, e.g. `2,300 pairs: 2,280 corrections (12 of them stop, …), 2,280 copies; left out: …`. */
export function describePreferences(counts: PreferenceCounts): string {
  const { pairs, corrections, stops, continuations, copies, tooFewShared, same } = counts;
  const figure = (count: number): string => count.toLocaleString('en-US');
  const left = [
    ...(same > 0 ? [`${figure(same)} whose sentences are the same`] : []),
    ...(tooFewShared > 0 ? [`${figure(tooFewShared)} that share too few sentences`] : []),
  ];
  return [
    `${figure(pairs)} pairs gave ${figure(corrections)} corrections (${figure(stops)} stop, ${figure(continuations)} go on) and ${figure(copies)} copies`,
    ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : []),
  ].join('; ');
}
