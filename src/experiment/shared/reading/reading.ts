/** Reading a corrector, as several commands begin: with progress, and with what is worth a warning. */
import { join } from 'node:path';
import type { Scan, ScanHealth } from '../../../read/latScan.js';
import { readConcept, type ConceptReading, type LabelSource } from './readConcept.js';
import { saveDirections } from '../../../read/files/directionFile.js';
import { directionFileName } from '../../../read/files/steeringFile.js';
import type { StoredDirections } from '../../../read/files/storedDirections.js';
import { withSignature } from '../../../read/stateSignature.js';
import { hashStimuli } from '../../../read/stimuliFile.js';
import type { Method } from '../../../read/methods/names.js';
import { wordingOf, type LabelNames } from '../../../read/stimuli.js';
import type { LanguageModel } from '../../../runtime/decoder.js';
import type { Lab } from '../lab.js';
import { takenAsText } from '../../../text/controlTokens.js';
import { percentWithin } from '../../../text/table.js';
import { UsageError } from '../../../text/usageError.js';
import { describeLabels } from '../../../read/labelCounts.js';
import { phased } from '../stages.js';
import { findStimuli } from './findStimuli.js';
import { labelsName } from './labels.js';
import { storedReading } from './steeringBasis.js';

/** Of a run folder, while the run needs it: states that are too many for memory. */
const spilledName = 'states.part';

/** What of a lab a reading needs. */
export type ReadingLab = Pick<
  Lab,
  'path' | 'data' | 'stages' | 'warn' | 'note' | 'store' | 'signal'
> & {
  /** The run folder, where labels are kept as they come, and states that are too many for memory. */
  folder?: string;
};

export interface ReadingOptions {
  stimuli: string;
  labels?: LabelSource;
  labelNames?: readonly string[];
  method: Method;
  seed: number;
  /** Most quadruples that are labelled. */
  limit?: number;
  keepLabelling?: boolean;
}

/** Labelled stimuli, direction and health of a corrector. */
export async function readModel(
  model: LanguageModel,
  options: ReadingOptions,
  lab: ReadingLab,
): Promise<ConceptReading> {
  const { labels, method, seed, limit, keepLabelling } = options;
  const { folder, store } = lab;
  const reading = await readConcept({
    ...{ model, labels, method, seed, keepLabelling, store },
    ...(folder !== undefined && {
      keptIn: join(folder, labelsName),
      spill: { path: join(folder, spilledName) },
    }),
    onCounts: (counts) => describeLabels(counts).forEach(lab.note),
    source: await lab.data(options.stimuli),
    names: namesOf(options),
    onProgress: phased(lab.stages, {
      labelling: 'labelling stimuli',
      states: 'reading hidden states',
    }),
    signal: lab.signal,
    candidates: limit,
  });
  const asText = takenAsText(reading.stimuli.map(wordingOf), model.tokenizer);
  if (asText !== null) lab.warn(asText);
  return reading;
}

/** The labels of {@link readModel}, which machines can share; reading takes a fraction of their time. */
export async function labelModel(
  model: LanguageModel,
  { stimuli, labels = 'behaviour', seed, limit, keepLabelling }: ReadingOptions,
  { data, stages, store, signal }: ReadingLab,
): Promise<void> {
  if (labels === 'given') return;
  await findStimuli({
    ...{ model, seed, keepLabelling, store, signal },
    source: await data(stimuli),
    candidates: limit,
    onProgress: stages('labelling stimuli'),
  });
}

/** What given labels are called. @throws where they are no two names. */
export function namesOf({
  labelNames,
}: Pick<ReadingOptions, 'labelNames'>): LabelNames | undefined {
  if (!labelNames) return undefined;
  const [positive, negative] = labelNames;
  if (labelNames.length === 2 && positive !== undefined && negative !== undefined) {
    if (positive !== negative) return { positive, negative };
  }
  throw new UsageError(
    `--label-names: expected two different names, the positive one first (got ${labelNames.join(',')})`,
  );
}

/** A reading's direction as it is kept, with the signature of its model. */
export async function keptReading({ model, reading, seed }: Read): Promise<StoredDirections> {
  const stimuliSha256 = hashStimuli(reading.stimuli);
  return await withSignature(storedReading(reading, { model, stimuliSha256, seed }), model.decoder);
}

interface Read {
  model: LanguageModel;
  reading: ConceptReading;
  seed: number;
}

/** Keeps a reading's direction in a run folder, for `--direction`; returns the file's path. */
export async function saveReading(folder: string, read: Read): Promise<string> {
  const path = join(folder, directionFileName);
  await saveDirections(path, await keptReading(read));
  return path;
}

/** What is said of a direction's health. */
interface Described {
  health: Pick<ScanHealth, 'bestLayer' | 'methods'> & Pick<Scan, 'perLayer' | 'baselines'>;
  /** What labels are called, where they were given. */
  names?: LabelNames | undefined;
  /** Among which the best was sought. Default: all. */
  shownLayers?: readonly number[] | undefined;
}

/** The best layer against what can be told without hidden states. */
export function describeHealth({ health, names, shownLayers }: Described): string[] {
  // Where labels are given, all of the input's words count.
  const words = names ? 'the input' : 'y1';
  const best = health.perLayer[health.bestLayer];
  const { length, embeddings } = health.baselines;
  const n = health.methods[0]?.n;
  return [
    `best layer     ${health.bestLayer} of ${shownLayers?.join(', ') ?? `0 … ${health.perLayer.length - 1}`}`,
    `held-out       ${percentWithin(best?.heldOutAccuracy, best?.ci, n)} told right, unpaired`,
    `without it     ${percentWithin(length.heldOutAccuracy, length.ci, n)} from the length of ${words} alone`,
    `               ${percentWithin(embeddings.heldOutAccuracy, embeddings.ci, n)} from the tokens of ${words} alone`,
  ];
}
