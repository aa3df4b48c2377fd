/**
 * Who gives a hidden state to whom. Positions must correspond, so a recipient takes a donor whose
 * prompt has as many tokens where one is left; otherwise the nearest in length, and positions are
 * counted from the last token.
 */
import type { Random } from '../../math/random.js';
import { showsDecision } from './cases.js';
import type { CaseRecord, PatchSetting } from './shape.js';

export interface CausalPair {
  setting: PatchSetting;
  recipient: CaseRecord;
  donor: CaseRecord;
}

/** In words, for records and figures. */
export const pairingText =
  'donor and recipient have prompts of as many tokens where such a donor is left, otherwise the nearest number (random: whatever it is); positions count from the last token; their first output tokens differ, a copy’s begins y1 and a correction’s does not';

const classes: Record<PatchSetting, { donor: 'correct' | 'copy'; recipient: 'correct' | 'copy' }> =
  {
    correctIntoCopy: { donor: 'correct', recipient: 'copy' },
    copyIntoCorrect: { donor: 'copy', recipient: 'correct' },
    copyIntoCopy: { donor: 'copy', recipient: 'copy' },
    random: { donor: 'correct', recipient: 'copy' },
  };

/**
 * At most `count` pairs, a case in one of them at most; in seeded order. A correction that begins
 * as y1 does has not shown its decision at the first token, and is left out. Empty where a class is
 * missing.
 */
export function pairCases(options: {
  cases: readonly CaseRecord[];
  setting: PatchSetting;
  count: number;
  random: Random;
}): CausalPair[] {
  const { setting, count } = options;
  const random = options.random.fork(setting);
  const decided = options.cases.filter(showsDecision);
  const labelled = (label: string): CaseRecord[] => decided.filter((c) => c.label === label);
  const recipients = random.fork('recipients').shuffle(labelled(classes[setting].recipient));
  const donors = random.fork('donors').shuffle(labelled(classes[setting].donor));
  const used = new Set<CaseRecord>();
  const pairs: CausalPair[] = [];
  // Those that have a donor of equal length come first, so that as many pairs as can be are equal.
  for (const farthest of setting === 'random' ? [Infinity] : [0, Infinity]) {
    for (const recipient of recipients) {
      if (pairs.length === count || used.has(recipient)) continue;
      const free = donors.filter((d) => !used.has(d) && canGive(d, recipient));
      const donor = setting === 'random' ? free[0] : nearest(free, recipient, farthest);
      if (!donor) continue;
      used.add(recipient).add(donor);
      pairs.push({ setting, recipient, donor });
    }
  }
  return pairs;
}

function canGive(donor: CaseRecord, recipient: CaseRecord): boolean {
  return donor.problem !== recipient.problem && donor.first !== recipient.first;
}

function nearest(
  donors: readonly CaseRecord[],
  { promptLength }: CaseRecord,
  farthest: number,
): CaseRecord | undefined {
  const distance = (c: CaseRecord): number => Math.abs(c.promptLength - promptLength);
  const least = Math.min(...donors.map(distance));
  return least <= farthest ? donors.find((donor) => distance(donor) === least) : undefined;
}
