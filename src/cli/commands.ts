/** All commands, in the order of the help. */
import type { Command } from './command.js';
import { dataset } from './commands/dataset.js';
import { doctor } from './commands/doctor.js';
import { instrument } from './commands/instrument.js';

export const commands: readonly Command[] = [dataset, instrument, doctor];
