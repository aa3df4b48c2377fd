/** All commands, in the order of the help. */
import { experiments } from '../experiment/registry.js';
import type { Command } from './command.js';
import { align } from './commands/align.js';
import { convert } from './commands/convert.js';
import { dataset } from './commands/dataset.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { instrument } from './commands/instrument.js';
import { plot } from './commands/plot.js';
import { reproduce } from './commands/reproduce.js';
import { experimentCommand } from './experimentCommand.js';

export const commands: readonly Command[] = [
  ...experiments.map(experimentCommand),
  align,
  evaluate,
  reproduce,
  plot,
  dataset,
  convert,
  instrument,
  doctor,
];
