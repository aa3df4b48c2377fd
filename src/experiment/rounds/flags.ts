/** The options of correction rounds. */
import { z } from 'zod';
import { embedded } from '../../data/artifacts.js';
import { integer, list } from '../../shape/options.js';
import { judgeOptions } from '../shared/judgedOptions.js';
import { questionOptions, upstream } from '../shared/options.js';

export const options = {
  ...upstream,
  correctors: list(
    {
      flag: 'corrector',
      aliases: ['correctors', 'model'],
      value: 'names',
      help: 'correctors, named likewise, separated by commas',
      default: [embedded.corrector],
    },
    z.string().min(1),
  ),
  rounds: integer({
    value: 'n',
    help: 'answers after 0, 1, … n correction rounds are made',
    default: 8,
  }),
  maxRounds: integer({ value: 'n', help: 'most rounds of a loop', default: 16 }),
  ...questionOptions,
  ...judgeOptions,
  limit: integer({ value: 'n', help: 'questions, the first ones', default: 200 }),
} as const;
