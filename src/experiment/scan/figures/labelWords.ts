/** What labels are called in figures: by what the corrector did, or by the names that were given. */
import { isPositive, classNames, type Label, type LabelNames } from '../../../read/stimuli.js';
import { colours } from '../../../plot/figure.js';

/** Of a case, in a title. */
export function caseTitle(label: Label, names: LabelNames = classNames): string {
  if (label === 'correct') return 'corrects';
  return label === 'copy' ? 'copies' : names[label];
}

/** The side of a reading, in a sentence: what it points to. */
export function sideWords(names: LabelNames | undefined): LabelNames {
  return names ?? { positive: 'correcting', negative: 'copying' };
}

/** The same, in a word beside a scale. */
export function sideLabels(names: LabelNames | undefined): LabelNames {
  return names ?? { positive: 'correct', negative: 'copy' };
}

export function labelColour(label: Label): string {
  return isPositive(label) ? colours.correct : colours.copy;
}
