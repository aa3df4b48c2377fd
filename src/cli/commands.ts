/** All commands, in the order of the help. */
import type { Command } from './command.js';
import { align } from './commands/align.js';
import { causal } from './commands/causal.js';
import { convert } from './commands/convert.js';
import { dataset } from './commands/dataset.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { extract } from './commands/extract.js';
import { instrument } from './commands/instrument.js';
import { latScan } from './commands/latScan.js';
import { plot } from './commands/plot.js';
import { reproduce } from './commands/reproduce.js';
import { sweep } from './commands/sweep.js';

export const commands: readonly Command[] = [
  latScan,
  extract,
  sweep,
  causal,
  align,
  evaluate,
  reproduce,
  plot,
  dataset,
  convert,
  instrument,
  doctor,
];
