/** Reading a corrector, as several commands begin: with progress, and with what is worth a warning. */
import {
  readConcept,
  type ConceptReading,
  type LabelSource,
} from '../experiment/shared/readConcept.js';
import { loadDirections } from '../read/files/directionFile.js';
import { absentLayers } from '../read/directions.js';
import { importWarnings } from '../read/files/importedDirections.js';
import type { StoredDirections } from '../read/files/storedDirections.js';
import type { Health } from '../read/healthTypes.js';
import type { Method } from '../read/methods/table.js';
import type { LabelNames } from '../read/stimuli.js';
import type { LanguageModel } from '../runtime/decoder.js';
import type { Context } from './command.js';
import { UsageError } from '../text/usageError.js';
import { percentWithin } from './table.js';
import { phased } from '../experiment/shared/stages.js';

export interface ReadingOptions {
  stimuli: string;
  labels?: LabelSource;
  labelNames?: readonly string[];
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
  context: Context,
): Promise<ConceptReading> {
  const { labels, method, seed, limit } = options;
  const stored = await findStored(model, options, context);
  const reading = await readConcept({
    ...{ model, labels, method, seed },
    source: context.path(options.stimuli),
    names: namesOf(options),
    onProgress: stagedProgress(context, {
      labelling: 'labelling stimuli',
      states: 'reading hidden states',
    }),
    signal: context.signal,
    candidates: limit,
    directions: stored?.directions,
  });
  if (stored?.imported) warnAll(signWarnings(reading.health), context);
  return reading;
}

function namesOf({ labelNames }: ReadingOptions): LabelNames | undefined {
  if (!labelNames) return undefined;
  const [positive, negative] = labelNames;
  if (labelNames.length === 2 && positive !== undefined && negative !== undefined) {
    if (positive !== negative) return { positive, negative };
  }
  throw new UsageError(
    `--label-names: expected two different names, the positive one first (got ${labelNames.join(',')})`,
  );
}

/** The direction of a file, with warnings where it is another tool's. */
async function findStored(
  model: LanguageModel,
  { direction, layers }: ReadingOptions,
  context: Context,
): Promise<StoredDirections | undefined> {
  if (direction === undefined) return undefined;
  const stored = await loadDirections(context.path(direction), model.decoder.info);
  warnAll(importWarnings(stored, direction), context);
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

/** Progress of work in phases, each with its own line. */
export function stagedProgress<P extends string>(
  context: Context,
  labels: Readonly<Record<P, string>>,
): (phase: P, done: number, total: number) => void {
  return phased((label) => context.progress.stage(label), labels);
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

export function warnAll(warnings: readonly string[], context: Context): void {
  for (const warning of warnings) context.warn(`warning: ${warning}`);
}
