/**
 * Stimuli: labelled inputs, of two classes that a direction is to tell apart.
 *
 * By default the label is what the unsteered corrector does with an input (labelling.ts); it can
 * also be given with the input (givenStimuli.ts), for any concept. Either way one label is the
 * positive one: the side that the direction points to.
 */
import type { Quality } from '../data/types.js';
import type { ChatMessage } from '../runtime/decoder.js';

/** What the corrector did with an input; `correct` is the positive one. */
export type Behaviour = 'correct' | 'copy';

/** The two classes where labels are given. */
export type LabelClass = 'positive' | 'negative';

export type Label = Behaviour | LabelClass;

/** What the classes are called, for people and in files. */
export type LabelNames = Readonly<Record<LabelClass, string>>;

export const behaviourNames: LabelNames = { positive: 'correct', negative: 'copy' };
export const classNames: LabelNames = { positive: 'positive', negative: 'negative' };

/** Directions are made on `train` and judged on `heldOut`; no problem is in both. */
export type Half = 'train' | 'heldOut';

/** The part of a quadruple that a corrector sees. */
export interface CorrectorInput {
  question: string;
  prefix: string;
  /** y1; not empty in a stimulus. */
  last: string;
}

/** What a model reads: a corrector's input, a text as it is, or a chat. */
export type StimulusInput =
  | CorrectorInput
  | { text: string }
  /** An assistant's turn at the end is left open. */
  | { messages: readonly ChatMessage[] };

interface Labelled {
  id: string;
  /** The problem or group it belongs to: never in both halves, and the unit of intervals. */
  problem: string;
  half: Half;
}

/** Labelled by what the corrector did. */
export interface CorrectionStimulus extends Labelled, CorrectorInput {
  /** What the unsteered corrector wrote, greedily. */
  output: string;
  label: Behaviour;
  quality: Quality;
  fault: string | null;
}

/** Labelled by whoever wrote it. */
export type GivenStimulus = Labelled &
  StimulusInput & {
    label: LabelClass;
    /** Shared by the two stimuli of a pair, one of either class. */
    pair?: string;
  };

export type Stimulus = CorrectionStimulus | GivenStimulus;

export function isPositive(label: Label | undefined): boolean {
  return label === 'correct' || label === 'positive';
}

export function isGiven(stimulus: Stimulus): stimulus is GivenStimulus {
  return stimulus.label === 'positive' || stimulus.label === 'negative';
}

/** Both labels of some stimuli, the positive one first: those of behaviour, or the given ones. */
export function bothLabels(stimuli: readonly { label: Label }[]): readonly [Label, Label] {
  const given = stimuli.some(({ label }) => label === 'positive' || label === 'negative');
  return given ? ['positive', 'negative'] : ['correct', 'copy'];
}

/** The pair it is one of; undefined where it has none. */
export function pairOf(stimulus: Stimulus): string | undefined {
  return isGiven(stimulus) ? stimulus.pair : undefined;
}

/** The kind of a stimulus: its fault, or its quality; where the label was given, the label. */
export function kindOf(item: { quality: Quality; fault: string | null } | GivenStimulus): string {
  return 'quality' in item ? (item.fault ?? item.quality) : item.label;
}

/** What could tell the labels apart without a model: y1, or every word of a text or a chat. */
export function wordingOf(input: StimulusInput): string {
  if ('text' in input) return input.text;
  if ('messages' in input) return input.messages.map(({ content }) => content).join('\n');
  return input.last;
}

/** Length of the {@link wordingOf wording} in code points, not UTF-16 units. */
export function lengthOf(input: StimulusInput): number {
  return Array.from(wordingOf(input)).length;
}

/**
 * Fewest stimuli of either label. Of one pair alone nothing can be said to vary, so that some methods
 * would fail on it and others give its difference for a direction.
 */
const least: Readonly<Record<Half, number>> = { train: 2, heldOut: 1 };

/**
 * That a direction can be made of the one half, whatever the method, and judged on the other.
 * @param names of given labels, as their file has them
 * @throws with the counts of both labels in either half, and the least that is wanted.
 */
export function checkStimuli(
  stimuli: readonly Stimulus[],
  source: string,
  names: LabelNames = classNames,
): void {
  const [positive, negative] = bothLabels(stimuli);
  const count = (half: Half, label: Label): number =>
    stimuli.filter((s) => s.half === half && s.label === label).length;
  const halves = (['train', 'heldOut'] as const).map((half) => {
    const counts = { positive: count(half, positive), negative: count(half, negative) };
    return { half, counts, lacking: lackingLabels(counts, least[half]) };
  });
  const called = positive === 'positive' ? names : behaviourNames;
  const lacking = (['positive', 'negative'] as const)
    .filter((label) => halves.some((half) => half.lacking.includes(label)))
    .map((label) => called[label]);
  if (lacking.length === 0) return;
  const found = halves.map(({ half, counts }) => `${describeCounts(counts, called)} in ${half}`);
  throw tooFew(source, lacking, {
    found: found.join(', '),
    wanted: `at least ${least.train} of each label in train and ${least.heldOut} in heldOut`,
  });
}

/**
 * That a direction can be made of a training half, whatever the method.
 * @throws as {@link checkStimuli}.
 */
export function checkTraining(labels: readonly Label[], source: string): void {
  const [positive, negative] = bothLabels(labels.map((label) => ({ label })));
  const count = (label: Label): number => labels.filter((other) => other === label).length;
  const counts = { positive: count(positive), negative: count(negative) };
  const called = { positive, negative };
  const lacking = lackingLabels(counts, least.train).map((label) => called[label]);
  if (lacking.length === 0) return;
  throw tooFew(source, lacking, {
    found: `${describeCounts(counts, called)} in the training half`,
    wanted: `at least ${least.train} of each label there`,
  });
}

function lackingLabels(counts: Record<LabelClass, number>, wanted: number): LabelClass[] {
  return (['positive', 'negative'] as const).filter((label) => counts[label] < wanted);
}

/** `38 correct and 0 copy` */
function describeCounts(counts: Record<LabelClass, number>, called: LabelNames): string {
  return `${counts.positive} ${called.positive} and ${counts.negative} ${called.negative}`;
}

function tooFew(
  source: string,
  labels: readonly string[],
  { found, wanted }: { found: string; wanted: string },
): Error {
  const remedies = labels.map((label) => {
    if (label === behaviourNames.negative) return 'sentences that the corrector copies';
    if (label === behaviourNames.positive) return 'sentences that the corrector corrects';
    return `inputs labelled ${label}, in pairs or groups of their own`;
  });
  return new Error(
    `${source}: too few stimuli labelled ${labels.join(' and ')} (expected ${wanted}, got ${found}); ` +
      `give more ${remedies.join(', and ')}`,
  );
}
