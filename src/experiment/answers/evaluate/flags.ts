/** The options of an evaluation. */
import { z } from 'zod';
import { embedded, stimuliFiles } from '../../../data/artifacts.js';
import { integer, list, number, text } from '../../../shape/options.js';
import { directionFile, mostRounds, questionOptions, upstream } from '../../shared/options.js';
import { judgeOptions } from '../../shared/judgedOptions.js';
import { systemKinds } from './kinds.js';

export const options = {
  ...upstream,
  corrector: text({
    aliases: ['model'],
    value: 'name',
    help: 'the corrector, named likewise',
    default: embedded.corrector,
  }),
  aligner: text({
    value: 'name',
    help: 'a whole-answer Aligner to compare with',
    default: embedded.aligner,
  }),
  expert: text({
    value: 'model',
    help: 'a small model that answers well, to tune the upstream by (system proxy)',
  }),
  antiExpert: text({ value: 'model', help: 'the same before it learned to' }),
  alpha: number({ value: 'x', help: 'strength of proxy-tuning', default: 1 }),
  systems: list(
    {
      value: 'names',
      help: `what is compared, of ${systemKinds.join(',')} (default: those whose models are known)`,
    },
    z.enum(systemKinds),
  ),
  coefficient: list(
    {
      aliases: ['coefficients'],
      value: 'numbers',
      help: 'also runs the loop with the corrector steered, a system for each: above 0 towards correcting, below 0 towards copying, in the unit of a sweep',
    },
    z.number(),
  ),
  ...directionFile,
  rounds: integer({ ...mostRounds, value: 'n', help: 'most rounds of the loop', default: 16 }),
  ...questionOptions,
  ...judgeOptions,
  limit: integer({ value: 'n', help: 'problems, and recorded sentences', default: 1000 }),
  quadruples: text({
    flag: 'problems',
    aliases: ['quadruples'],
    value: 'file',
    help: 'quadruples: recorded sentences, for the sentence-level rates',
    default: stimuliFiles.test,
  }),
} as const;
