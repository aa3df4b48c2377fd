/** A command's file of stimuli, read once before a model is loaded: what is wrong with it is said at once. */
import { readDataText } from '../../../data/jsonl.js';
import { parseGivenStimuli } from '../../../read/givenStimuli.js';
import { checkStimuli } from '../../../read/stimuli.js';
import type { Lab } from '../lab.js';
import { readSource } from './findStimuli.js';
import { namesWithoutLabels } from './readConcept.js';
import type { SteeringOptions } from './findSteering.js';
import { namesOf } from './reading.js';

/**
 * @throws as {@link readSource} and {@link parseGivenStimuli} do, and where no sentence is there
 *   to label. A direction that is given needs no stimuli.
 */
export function checkStimuliFile(
  given: Pick<SteeringOptions, 'stimuli' | 'labels' | 'labelNames' | 'direction' | 'seed'>,
  lab: Pick<Lab, 'path'>,
): void {
  if (given.direction !== undefined) return;
  const source = lab.path(given.stimuli);
  const names = namesOf(given);
  if (given.labels === 'given') {
    parseGivenStimuli(readDataText(source), source, { names, seed: given.seed });
    return;
  }
  if (names) throw namesWithoutLabels();
  if (readSource(source).every(({ last }) => last === '')) checkStimuli([], source);
}
