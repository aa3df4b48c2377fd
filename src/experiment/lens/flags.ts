/** The options of a logit lens. */
import { stimuliFiles } from '../../data/artifacts.js';
import { integer, text } from '../../shape/options.js';
import { corrector } from '../shared/options.js';

export const options = {
  ...corrector,
  problems: text({
    value: 'file',
    help: 'quadruples or other rows with sentences: one of each problem is read',
    default: stimuliFiles.test,
  }),
  limit: integer({ value: 'n', help: 'problems, the first of the file', default: 200 }),
} as const;
