/**
 * Every experiment of the lab, in the order of the help. The command line, `plot`, the published
 * schemas and the docs go through this list: an experiment is a folder, and a line here.
 */
import { compare } from './answers/compare/entry.js';
import { evaluate } from './answers/evaluate/entry.js';
import { causal } from './causal/entry.js';
import { health } from './health/entry.js';
import { lens } from './lens/entry.js';
import { rounds } from './rounds/entry.js';
import { scan } from './scan/entry.js';
import type { ExperimentEntry } from './shared/experiment.js';
import { sweep } from './sweep/entry.js';

export const experiments: readonly ExperimentEntry[] = [
  scan,
  health,
  sweep,
  causal,
  lens,
  evaluate,
  compare,
  rounds,
];
