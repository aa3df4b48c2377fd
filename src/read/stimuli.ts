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
 * @throws where there are fewer than two stimuli, only one label, or a half without both labels.
 */
export function checkStimuli(stimuli: readonly Stimulus[], source: string): void {
  if (stimuli.length < 2) {
    throw new Error(
      `${source}: too few stimuli (expected at least 2, got ${stimuli.length}); give more quadruples`,
    );
  }
  const both = bothLabels(stimuli);
  const labels = new Set(stimuli.map((s) => s.label));
  if (labels.size < 2) {
    const [only] = labels;
    throw new Error(
      `${source}: all ${stimuli.length} stimuli are labelled ${only} (expected both ${both.join(' and ')}); a direction needs a contrast`,
    );
  }
  for (const half of ['train', 'heldOut'] as const) {
    for (const label of both) {
      if (!stimuli.some((s) => s.half === half && s.label === label)) {
        throw new Error(
          `${source}: no ${label} stimulus in the ${half} half (expected at least 1); give more problems`,
        );
      }
    }
  }
}
