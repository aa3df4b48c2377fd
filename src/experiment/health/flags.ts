/** The options of `extract`. */
import { statePositions } from '../../read/statePositions.js';
import { choice, text } from '../../shape/options.js';
import { corrector, labelLimit, method, stimuli } from '../shared/options.js';

export const options = {
  ...corrector,
  ...stimuli,
  ...method,
  ...labelLimit,
  states: text({
    value: 'file',
    help: 'also writes the hidden states: a .safetensors, and beside it a .jsonl that says whose each row is',
  }),
  statePositions: choice(statePositions, {
    help: 'of the states that are written: the prompt’s last token, or every one',
    default: 'boundary',
  }),
} as const;
