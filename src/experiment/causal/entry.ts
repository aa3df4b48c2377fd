/** `aligner-lab causal`: the layers tested one at a time, by steering, ablation and patching. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const causal = defineExperiment({
  name: 'causal',
  summary: 'which layers decide: steering, ablation and patching, one layer at a time',
  description: `A reading that tells the classes apart need not be what decides. So the same recorded sentences are
corrected under three edits, each at one layer at a time.

Steering adds the direction, in the unit of a sweep: that layer's mean residual norm at the last prompt
token, times the scale of the direction's steering.json (1 where there is none). It
shows the change of the edit ratio against the unsteered model; random directions of the same norm,
orthogonal to the tested one, are steered beside it. Ablation removes the direction: change
of the edit ratio, copies that stay copies, corrections that stay corrections.

Patching puts the hidden state of a correcting run into a copying one, by layer and position, and shows
how far the first output token goes from the copy's to the correction's, 0 … 1; at the last prompt
token also the other way. Controls there: the state of another copy, which moves words but no decision,
and of donors of any length.

A rule in the code names each layer's part. A layer holds what the weaker way of that exchange moves at
the last prompt token: it decides where it holds 0.2 more than the layer before; another one carries
out where 0.5 was held before it, and prepares where less was. Parts and largest effects are found on
validation problems and tested on others, beside the accuracy that the scan has at every layer.

Written to the run folder: causal.json, causal.html, records.jsonl, manifest.json. An interrupted run
goes on where it stopped when the same command is run again.`,
  options,
  examples: [
    ['aligner-lab causal', 'the embedded corrector, all layers'],
    ['aligner-lab causal --limit 16 --pairs 8 --pool 64', 'a quick look'],
    [
      'aligner-lab causal --layers 7,8,9 --coefficient -1,-0.5,0.5,1',
      'three layers, pushed harder',
    ],
  ],
  load: async () => (await import('./experiment.js')).causalExperiment,
});
