/** Reading a corrector, as several commands begin: with progress, and with what is worth a warning. */
import { join } from 'node:path';
import { readCorrector, type CorrectorReading } from './readCorrector.js';
import { loadDirections, saveDirections } from '../../read/files/directionFile.js';
import { absentLayers } from '../../read/directions.js';
import { importWarnings } from '../../read/files/importedDirections.js';
import type { StoredDirections } from '../../read/files/storedDirections.js';
import type { Health } from '../../read/health.js';
import { hashStimuli } from '../../read/stimuliFile.js';
import type { Method } from '../../read/methods.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { Lab } from './lab.js';
import { percentWithin } from '../../text/table.js';
import { phased } from './stages.js';

/** What of a lab a reading needs. */
export type ReadingLab = Pick<Lab, 'path' | 'stages' | 'warn' | 'signal'>;

export interface ReadingOptions {
  stimuli: string;
  method: Method;
  seed: number;
  /** Most quadruples that are labelled. */
  limit?: number;
  /** A direction file, in place of a direction made now. */
  direction?: string | undefined;
  /** Layers that are to be steered: the file must have them. */
  layers?: readonly number[] | undefined;
}

/** Labelled stimuli, direction and health of a corrector. */
export async function readModel(
  model: LanguageModel,
  options: ReadingOptions,
  lab: ReadingLab,
): Promise<CorrectorReading> {
  const { limit } = options;
  const stored = await findStored(model, options, lab);
  const reading = await readCorrector({
    model,
    source: lab.path(options.stimuli),
    method: options.method,
    seed: options.seed,
    onProgress: phased(lab.stages, {
      labelling: 'labelling stimuli',
      states: 'reading hidden states',
    }),
    signal: lab.signal,
    ...(limit !== undefined && { candidates: limit }),
    ...(stored && { directions: stored.directions }),
  });
  if (stored?.imported) signWarnings(reading.health).forEach(lab.warn);
  return reading;
}

/** The direction of a file, with warnings where it is another tool's. */
async function findStored(
  model: LanguageModel,
  { direction, layers }: ReadingOptions,
  lab: ReadingLab,
): Promise<StoredDirections | undefined> {
  if (direction === undefined) return undefined;
  const stored = await loadDirections(lab.path(direction), model.decoder.info);
  importWarnings(stored, direction).forEach(lab.warn);
  const absent = absentLayers(stored.directions);
  const missing = absent.filter((layer) => layers?.includes(layer));
  if (missing.length > 0) {
    throw new Error(
      `direction: ${direction} has none for layer ${missing.join(', ')}; give --layers without ${missing.length === 1 ? 'it' : 'them'}`,
    );
  }
  return stored;
}

/** Where an imported direction, whose sign is its maker's, points away from `correct`. */
function signWarnings({ perLayer }: Health): string[] {
  const against = perLayer.filter(({ cosines }) => cosines['mean-difference'] < 0);
  if (against.length === 0) return [];
  return [
    `sign: the imported direction points towards copy at layer ${against.map(({ layer }) => layer).join(', ')} (cosine with the mean difference below 0); positive coefficients push there`,
  ];
}

/** Keeps a reading's direction in a run folder, for `--direction`; returns the file's path. */
export async function saveReading(
  folder: string,
  of: { model: LanguageModel; reading: CorrectorReading; seed: number },
): Promise<string> {
  const { model, reading, seed } = of;
  const path = join(folder, 'directions.safetensors');
  const origin = {
    model: model.name,
    modelSha256: model.identity.sha256,
    stimuliSha256: hashStimuli(reading.stimuli),
    seed: String(seed),
  };
  await saveDirections(path, { directions: reading.directions, origin });
  return path;
}

/** The best layer against what can be told without hidden states. */
export function describeHealth(health: Health): string[] {
  const best = health.perLayer[health.bestLayer];
  const { length, embeddings } = health.baselines;
  return [
    `best layer     ${health.bestLayer} of 0 … ${health.perLayer.length - 1}`,
    `held-out       ${percentWithin(best?.heldOutAccuracy, best?.ci)} told right, unpaired`,
    `without it     ${percentWithin(length.heldOutAccuracy, length.ci)} from the length of y1 alone`,
    `               ${percentWithin(embeddings.heldOutAccuracy, embeddings.ci)} from the tokens of y1 alone`,
  ];
}
