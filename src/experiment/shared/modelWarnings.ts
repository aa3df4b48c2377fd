/** What is to be known of the models' files, beside what an experiment says itself. */
import type { OpenExperiment, Outcome } from './experiment.js';

/** The outcome, with the warnings of its models in every summary. */
export function withModelWarnings(
  outcome: Outcome,
  models: OpenExperiment<unknown>['models'],
): Outcome {
  const all = Object.values(models).flatMap(({ identity, warnings = [] }) =>
    warnings.map((text) => `${identity.name}: ${text}`),
  );
  const warnings = [...new Set(all)];
  if (warnings.length === 0) return outcome;
  const summaries = Object.entries(outcome.summaries).map(([kind, summary]) => {
    const own = summary as { warnings?: readonly string[] };
    return [kind, { ...own, warnings: [...warnings, ...(own.warnings ?? [])] }];
  });
  return { ...outcome, summaries: Object.fromEntries(summaries) as Outcome['summaries'] };
}
