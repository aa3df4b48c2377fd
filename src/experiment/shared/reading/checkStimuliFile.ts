/** A command's stimuli, read once before a model is loaded: what is wrong with them is said at once. */
import { nameOf, type DataPlace } from '../../../data/files/place.js';
import { readGivenStimuli } from '../../../read/givenStimuli.js';
import { checkStimuli } from '../../../read/stimuli.js';
import type { Lab } from '../lab.js';
import { readSource } from './findStimuli.js';
import { namesWithoutLabels } from './readConcept.js';
import type { SteeringOptions } from './findSteering.js';
import { namesOf } from './reading.js';

/**
 * @returns the data, for the manifest
 * @throws as {@link readSource} and {@link readGivenStimuli} do, and where no sentence is there to label. A
 *   direction that is given needs no stimuli.
 */
export async function checkStimuliFile(
  given: Pick<SteeringOptions, 'stimuli' | 'labels' | 'labelNames' | 'direction' | 'seed'>,
  lab: Pick<Lab, 'data' | 'onReport'>,
): Promise<{ stimuli: DataPlace }> {
  const stimuli = await lab.data(given.stimuli);
  if (given.direction !== undefined) return { stimuli };
  const names = namesOf(given);
  if (given.labels === 'given') {
    await readGivenStimuli(stimuli, { names, seed: given.seed });
    return { stimuli };
  }
  if (names) throw namesWithoutLabels();
  const items = await readSource(stimuli, lab);
  if (items.every(({ last }) => last === '')) checkStimuli([], nameOf(stimuli));
  return { stimuli };
}
