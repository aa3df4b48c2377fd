/**
 * Labels by behaviour: what the unsteered corrector *does* with an input.
 *
 * A stimulus is `copy` where the greedy output is an exact copy of y1, else `correct`. Labelling by
 * the quality of y1 instead gave directions that pointed backwards, since a corrector copies many
 * bad sentences; so the quality and the fault stand beside the label and are balanced.
 */
import type { Quality, RecordedSentence } from '../data/types.js';
import { createRandom, type Random } from '../math/random.js';
import { hasSentence, isCopy } from '../text/copied.js';
import {
  checkStimuli,
  kindOf,
  lengthOf,
  type Behaviour,
  type CorrectionStimulus,
  type CorrectorInput,
  type Half,
} from './stimuli.js';

export interface LabelOptions {
  /** Held-out quadruples; those without a sentence as y1 are passed over. */
  quadruples: readonly RecordedSentence[];
  /** The unsteered corrector, greedy: one y2 per input, in order. */
  correct: (inputs: readonly CorrectorInput[]) => Promise<readonly string[]>;
  seed: number | string;
  /**
   * Most quadruples to run the corrector on, two thirds of them good (most copies will be of these,
   * and some are to spare), the rest spread evenly over the other kinds. Default 1,500.
   */
  candidates?: number;
  /** Most stimuli per label, both halves together. Default 256. */
  perLabel?: number;
  /** Default 32. */
  batchSize?: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * Runs the corrector over quadruples and keeps a balanced set: as many `copy` as `correct` in
 * either half, kinds within a label as equal as their numbers allow, halves apart by problem.
 * @throws where too few stimuli of a label are left (see {@link checkStimuli}).
 */
export async function labelStimuli(options: LabelOptions): Promise<CorrectionStimulus[]> {
  const chosen = labelCandidates(options);
  const outputs: string[] = [];
  const size = options.batchSize ?? 32;
  for (let start = 0; start < chosen.length; start += size) {
    const batch = chosen.slice(start, start + size);
    const written = await options.correct(batch);
    if (written.length !== batch.length) {
      throw new Error(
        `stimuli: the corrector answered a different number of inputs (expected ${batch.length}, got ${written.length})`,
      );
    }
    outputs.push(...written);
    options.onProgress?.(outputs.length, chosen.length);
  }
  return balancedStimuli(chosen, outputs, options);
}

/** The quadruples that the corrector is run on, in the order in which it is. */
export function labelCandidates({
  quadruples,
  candidates = 1500,
  seed,
}: Pick<LabelOptions, 'quadruples' | 'candidates' | 'seed'>): RecordedSentence[] {
  const random = createRandom(seed).fork('stimuli');
  const usable = quadruples.filter((q) => hasSentence(q.last));
  return chooseCandidates(usable, candidates, random.fork('candidates'));
}

/**
 * Candidates with what the corrector made of them, labelled and balanced.
 * @param outputs one per candidate, in order; null where it is none, for want of positions
 * @throws as {@link labelStimuli}.
 */
export function balancedStimuli(
  chosen: readonly RecordedSentence[],
  outputs: readonly (string | null)[],
  { seed, perLabel = 256 }: Pick<LabelOptions, 'seed' | 'perLabel'>,
): CorrectionStimulus[] {
  const random = createRandom(seed).fork('stimuli');
  const halves = splitByProblem(chosen, random.fork('halves'));
  const stimuli = chosen.flatMap((q, i) => {
    const output = outputs[i];
    return output === null ? [] : [toStimulus(q, output ?? '', halves)];
  });
  // Before any is left out, so that the error counts what there was.
  checkStimuli(stimuli, 'stimuli');
  return balance(stimuli, perLabel, random.fork('balance'));
}

function chooseCandidates(
  usable: readonly RecordedSentence[],
  count: number,
  random: Random,
): RecordedSentence[] {
  const good = usable.filter((q) => q.quality === 'good');
  const others = usable.filter((q) => q.quality !== 'good');
  // Where one side is short, the other fills up.
  const most = Math.max(Math.floor((2 * count) / 3), count - others.length);
  const chosen = takeEvenly(good, most, random.fork('good'));
  const rest = takeEvenly(others, count - chosen.length, random.fork('others'));
  return random.fork('order').shuffle([...chosen, ...rest]);
}

function toStimulus(
  q: RecordedSentence,
  output: string,
  halves: ReadonlyMap<string, Half>,
): CorrectionStimulus {
  return {
    // Given once it is known which are kept.
    id: '',
    problem: q.problem,
    question: q.question,
    prefix: q.prefix,
    last: q.last,
    output,
    label: isCopy({ last: q.last, correction: output }) ? 'copy' : 'correct',
    quality: q.quality,
    fault: q.fault,
    half: halves.get(q.problem) ?? 'train',
  };
}

/** Each problem goes to one half, the halves as equal as the number of problems allows. */
function splitByProblem(items: readonly { problem: string }[], random: Random): Map<string, Half> {
  const problems = random.shuffle([...new Set(items.map((item) => item.problem))]);
  return new Map(problems.map((problem, i) => [problem, i % 2 === 0 ? 'train' : 'heldOut']));
}

/**
 * Equal numbers of both labels in each half, ids given here, in order. Of `correct` kinds are drawn
 * in turn; the `copy` stimuli are those most like these in length, or the length of y1 alone would
 * tell the labels apart (hedged sentences are long, and so are those that name a person, which is
 * where names go wrong).
 *
 * Exported for its law; {@link labelStimuli} is the way in.
 */
export function balance(
  stimuli: readonly CorrectionStimulus[],
  perLabel: number,
  random: Random,
): CorrectionStimulus[] {
  const kept: CorrectionStimulus[] = [];
  for (const half of ['train', 'heldOut'] as const) {
    const inHalf = (label: Behaviour): CorrectionStimulus[] =>
      stimuli.filter((s) => s.half === half && s.label === label);
    const [correct, copy] = [inHalf('correct'), inHalf('copy')];
    const most = half === 'train' ? Math.ceil(perLabel / 2) : Math.floor(perLabel / 2);
    const count = Math.min(most, correct.length, copy.length);
    const chosen = takeEvenly(correct, count, random.fork(`${half}/correct`));
    kept.push(...chosen, ...takeAlike(copy, chosen, random.fork(`${half}/copy`)));
  }
  const digits = String(kept.length).length;
  return kept.map((s, i) => ({ ...s, id: `s${String(i + 1).padStart(digits, '0')}` }));
}

/** For each of `models`, the longest first, the item left whose y1 is nearest to its in length. */
function takeAlike(
  items: readonly CorrectionStimulus[],
  models: readonly CorrectionStimulus[],
  random: Random,
): CorrectionStimulus[] {
  const left = random.shuffle(items);
  const lengths = models.map(lengthOf).sort((a, b) => b - a);
  return lengths.flatMap((wanted) => {
    const distances = left.map((item) => Math.abs(lengthOf(item) - wanted));
    return left.splice(distances.indexOf(Math.min(...distances)), 1);
  });
}

/** Up to `count` items, kinds in turn until they are used up; random within a kind. */
function takeEvenly<T extends { quality: Quality; fault: string | null }>(
  items: readonly T[],
  count: number,
  random: Random,
): T[] {
  const byKind = new Map<string, T[]>();
  for (const item of random.shuffle(items)) {
    const kind = kindOf(item);
    const list = byKind.get(kind);
    if (list) list.push(item);
    else byKind.set(kind, [item]);
  }
  // Sorted, so that the order of turns is the same whatever the order of the items.
  const queues = [...byKind.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list);
  const taken: T[] = [];
  for (let turn = 0; taken.length < count && queues.some((q) => turn < q.length); turn++) {
    for (const queue of queues) {
      const item = queue[turn];
      if (item !== undefined && taken.length < count) taken.push(item);
    }
  }
  return taken;
}
