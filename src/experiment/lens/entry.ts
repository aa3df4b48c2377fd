/** `aligner-lab lens`: at which layer the first output token is settled. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const lens = defineExperiment({
  name: 'lens',
  summary: 'logit lens: at which layer the first word of a correction, or of a copy, is settled',
  description: `The logit lens takes a layer's hidden state at the last prompt token to the model's last norm and LM
head, in place of the last block's: what would the model write if it stopped there? A case is settled
at the layer from which on the lens' first choice is the model's own at every layer.

The corrector first runs on recorded sentences, one of each problem, which says what it does with
them: correct or copy. Corrections that begin as y1 does show no decision at the first token; they
are counted and left out. For both classes, per layer and with intervals over problems: the share
whose first choice there is the model's own, the probability of the model's own first token, its log
odds against the first tokens of the other class; and the layer where cases settle.

Written to the run folder: lens.json, lens.html, records.jsonl, manifest.json. Run again to go on
after an interruption.`,
  options,
  examples: [
    ['aligner-lab lens', 'the embedded corrector, 200 sentences'],
    ['aligner-lab lens --corrector ./my-corrector --problems quadruples.jsonl', 'your own'],
  ],
  load: async () => (await import('./experiment.js')).lensExperiment,
});
