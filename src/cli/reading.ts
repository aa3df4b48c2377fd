/** Reading a corrector, as several commands begin: with progress, and with what is worth a warning. */
import { readCorrector, type CorrectorReading } from '../experiment/readCorrector.js';
import { loadDirections } from '../read/directionFile.js';
import type { Health } from '../read/health.js';
import type { Method } from '../read/methods.js';
import type { LanguageModel } from '../runtime/decoder.js';
import type { Context } from './command.js';
import { percentWithin } from './table.js';
import type { OnProgress } from './progress.js';

export interface ReadingOptions {
  stimuli: string;
  method: Method;
  seed: number;
  /** Most quadruples that are labelled. */
  limit?: number;
  /** A direction file, in place of a direction made now. */
  direction?: string | undefined;
}

/** Labelled stimuli, direction and health of a corrector. */
export async function readModel(
  model: LanguageModel,
  options: ReadingOptions,
  context: Context,
): Promise<CorrectorReading> {
  const { direction, limit } = options;
  const stored = direction && (await loadDirections(context.path(direction), model.decoder.info));
  return await readCorrector({
    model,
    file: context.path(options.stimuli),
    method: options.method,
    seed: options.seed,
    onProgress: stagedProgress(context, {
      labelling: 'labelling stimuli',
      states: 'reading hidden states',
    }),
    signal: context.signal,
    ...(limit !== undefined && { candidates: limit }),
    ...(stored && { directions: stored.directions }),
  });
}

/** Progress of work in phases, each with its own line. */
export function stagedProgress<P extends string>(
  context: Context,
  labels: Readonly<Record<P, string>>,
): (phase: P, done: number, total: number) => void {
  let current: { phase: P; tell: OnProgress } | null = null;
  return (phase, done, total) => {
    if (current?.phase !== phase) {
      current = { phase, tell: context.progress.stage(labels[phase]) };
    }
    current.tell(done, total);
  };
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
