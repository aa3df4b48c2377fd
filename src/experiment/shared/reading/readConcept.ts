/** Labelled stimuli of either sort, a direction and its health. */
import type { DataSource } from '../../../data/files/place.js';
import { readGivenStimuli } from '../../../read/givenStimuli.js';
import { classNames, type LabelNames } from '../../../read/stimuli.js';
import {
  readCorrector,
  readLabelled,
  type ReadCorrectorOptions,
  type Reading,
} from './readCorrector.js';

export type LabelSource = 'behaviour' | 'given';

export interface ReadConceptOptions extends Omit<ReadCorrectorOptions, 'source'> {
  /** Data: quadruples or labelled stimuli; with given labels, see {@link readGivenStimuli}. */
  source: DataSource;
  /** `behaviour`: what the corrector does with an input; `given`: what its line says. Default `behaviour`. */
  labels?: LabelSource;
  /** What the file calls given labels. Default: positive and negative. */
  names?: LabelNames;
}

export interface ConceptReading extends Reading {
  /** What the labels are called, where they were given. */
  names?: LabelNames;
}

/** @throws as {@link readCorrector} and {@link readGivenStimuli} do. */
export async function readConcept(options: ReadConceptOptions): Promise<ConceptReading> {
  const { source, labels = 'behaviour', names, seed } = options;
  if (labels === 'given') {
    const stimuli = await readGivenStimuli(source, { names, seed });
    return { ...(await readLabelled({ ...options, stimuli })), names: names ?? classNames };
  }
  if (names) throw namesWithoutLabels();
  return await readCorrector(options);
}

/** The error of names for labels that nobody gives. */
export function namesWithoutLabels(): Error {
  return new Error('labels: names are for labels that are given; add --labels given');
}
