/** The command of an experiment; everything that is special about it stands in its entry. */
import type { ExperimentEntry } from '../experiment/shared/experiment.js';
import type { OptionValues } from '../shape/options.js';
import { defineCommand, type Command } from './command.js';
import { common, engine, folder, seed, store } from './common.js';
import { figureOptions } from './figureOptions.js';

/** Options of every experiment. */
const ofEvery = { ...seed, ...figureOptions, ...folder, ...store, ...engine, ...common };
export type OfEvery = OptionValues<typeof ofEvery>;

export function experimentCommand(entry: ExperimentEntry): Command {
  const { name, description, examples, load } = entry;
  return defineCommand({
    ...{ description, examples, options: { ...entry.options, ...ofEvery } },
    async run({ options, context }) {
      const { runExperiment } = await import('./experimentRun.js');
      await runExperiment(name, await load(), options, context);
    },
  });
}
