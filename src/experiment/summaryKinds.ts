/** The summaries of all experiments, by the name of their file. */
import { experiments } from './registry.js';
import { olderKinds } from './olderKinds.js';
import type { SummaryKind } from './shared/experiment.js';

/** Loads every experiment. @returns in the order of the registry */
export async function summaryKinds(): Promise<SummaryKind[]> {
  const loaded = await Promise.all(experiments.map(({ load }) => load()));
  return [...loaded.flatMap(({ summaries }) => summaries), ...olderKinds];
}
