/** The options of a comparison. */
import { z } from 'zod';
import { embedded } from '../../../data/artifacts.js';
import { integer, list, number, text } from '../../../shape/options.js';
import { mostRounds, questionOptions, upstream } from '../../shared/options.js';

const names = z.string().min(1);

export const options = {
  ...upstream,
  correctors: list(
    {
      flag: 'corrector',
      aliases: ['correctors', 'model'],
      value: 'names',
      help: 'correctors of several sizes, named likewise, separated by commas',
      default: [embedded.corrector],
    },
    names,
  ),
  aligners: list(
    {
      flag: 'aligner',
      aliases: ['aligners'],
      value: 'models',
      help: 'whole-answer Aligners, in the order of the correctors',
    },
    names,
  ),
  experts: list(
    {
      flag: 'expert',
      aliases: ['experts'],
      value: 'models',
      help: 'small models that answer well, in the order of the correctors, to tune the upstream by',
    },
    names,
  ),
  antiExperts: list(
    {
      flag: 'antiExpert',
      aliases: ['antiExperts'],
      value: 'models',
      help: 'the same before they learned to',
    },
    names,
  ),
  alpha: number({ value: 'x', help: 'strength of proxy-tuning', default: 1 }),
  sft: text({ value: 'model', help: 'the upstream fine-tuned on solutions' }),
  dpo: text({ value: 'model', help: 'the upstream fine-tuned on preferences' }),
  samples: integer({
    value: 'n',
    help: 'most samples of the upstream that vote on its answer (0: none)',
    default: 16,
    least: 0,
  }),
  rounds: integer({ ...mostRounds, value: 'n', help: 'most rounds of a loop', default: 16 }),
  ...questionOptions,
  limit: integer({ value: 'n', help: 'questions, the first ones', default: 200 }),
  timed: integer({
    value: 'n',
    help: 'questions that every system is timed on, one at a time',
    default: 20,
    least: 0,
  }),
} as const;
