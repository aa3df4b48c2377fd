/** The summaries of all experiments, by the name of their file. */
import { experiments } from './registry.js';
import type { Experiment, SummaryKind } from './shared/experiment.js';

/** Loads every experiment. @returns in the order of the registry */
async function loadAll(): Promise<Experiment[]> {
  return await Promise.all(experiments.map(({ load }) => load()));
}

/** Every kind of summary, in the order of the registry. */
export async function summaryKinds(): Promise<SummaryKind[]> {
  return (await loadAll()).flatMap(({ summaries }) => summaries);
}

/** The experiment that ends in a kind of summary. */
export async function experimentOf(kind: string): Promise<Experiment | undefined> {
  const all = await loadAll();
  return all.find(({ summaries }) => summaries.some((known) => known.kind === kind));
}
