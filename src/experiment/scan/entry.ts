/** `lat-scan`: where in a corrector the decision to correct is made. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const scan = defineExperiment({
  name: 'lat-scan',
  summary: 'LAT scan: where in a corrector the decision to correct or to copy is made',
  description: `A corrector reads a question, the answer so far and the next sentence of a larger model, and either
copies that sentence or writes a better one. A LAT scan (linear artificial tomography) shows where
in the corrector this is decided:

1. The corrector runs on held-out sentences; each is labelled by what it did: correct or copy.
2. Its hidden states at the last token before it writes give, per layer, the direction along which
the two differ. One half of the problems makes the direction; the other half says how often it
tells the two apart (held-out accuracy), against what y1's length and tokens tell without it.
3. While the corrector writes, every layer's hidden state at every output token is projected on
its direction: positive (warm) reads as correcting, negative (cold) as copying.

Everything is computed from the model in this run. Layer 0 is the first block, at the bottom.
--layers says which layers are shown, and among which the best is sought; the files keep every one.

Written to the run folder: scan.json (the numbers), scan.html (the figures, opens anywhere; --format for others),
directions.safetensors (for sweep and align), labels.jsonl (what the corrector wrote for every sentence, as
it comes: an interrupted scan goes on from there when run again), records.jsonl, manifest.json.`,
  options,
  examples: [
    ['npx lat-scan', 'the embedded corrector; everything is found by itself'],
    [
      'lat-scan --tokens 30 --method mean-difference --out runs/longer',
      'more tokens, another method',
    ],
    [
      'lat-scan --layers 4-9',
      'these layers alone; a scan that is finished is shown anew, nothing is read again',
    ],
    ['lat-scan --format png,svg --size double', 'figures for a paper'],
    [
      'lat-scan --corrector ./my-corrector --stimuli quadruples.jsonl',
      'your own: a folder with onnx/model.onnx and tokenizer, and annotated quadruples',
    ],
  ],
  load: async () => (await import('./experiment.js')).scanExperiment,
});
