/** The options of `extract`. */
import { corrector, labelLimit, method, stimuli } from '../shared/options.js';

export const options = { ...corrector, ...stimuli, ...method, ...labelLimit } as const;
