/** The command of an experiment; everything that is special about it stands in its entry. */
import type { ExperimentEntry } from '../experiment/shared/experiment.js';
import { defineCommand, type Command } from './command.js';
import { ofEvery } from './experimentOptions.js';

export function experimentCommand(entry: ExperimentEntry): Command {
  const { name, description, examples, load } = entry;
  return defineCommand({
    ...{ description, examples, options: { ...entry.options, ...ofEvery } },
    async run({ options, context }) {
      if (options.dryRun) {
        const { dryRun } = await import('./dryRun.js');
        return await dryRun(name, options, context);
      }
      const { runExperiment } = await import('./experimentRun.js');
      await runExperiment(name, await load(), options, context);
    },
  });
}
