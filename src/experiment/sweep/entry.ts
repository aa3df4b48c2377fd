/** `aligner-lab sweep`: what the corrections do when the direction is pushed. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const sweep = defineExperiment({
  name: 'sweep',
  summary: 'steering curve: how much is corrected when the direction is pushed',
  description: `Adds the direction to the corrector's residual stream at a grid of coefficients and measures how far
the corrections y2 move from the upstream's sentences y1. Positive coefficients push towards
correcting. Coefficient 1 is a total added norm, shared equally among the steered layers, each in
units of that layer's mean residual norm at the last token of the prompt, times a scale.

In loop mode the coefficient acts while the whole aligner loop runs, so later rounds see other
sentences; in fixed mode the same recorded sentences are corrected at every coefficient. Layers,
scale and the range of the fit are fixed on validation problems and written down before any test
problem is run. Random directions of the same norm, orthogonal to the tested one, are the control:
the tested slope should exceed every one of theirs. Rounds are averaged within problems, problems
are bootstrapped.

A --direction of another tool is checked by its layers and width only, and has its maker's sign, so
that positive may not mean correct; layers that it lacks are left out (see convert).

Only the prompt is steered by default: what is pushed is the decision, which is made at its last
token, and the sentence after it is written unsteered.

Where the recorded sentences say whether y1 is good or bad (quality), a sweep in fixed mode also says
at every coefficient how many good ones are copied and how many bad ones rewritten: what a knob gains
and what it costs.

Written to the run folder: sweep.json, sweep.html, records.jsonl, manifest.json. An interrupted
sweep goes on where it stopped when the same command is run again.`,
  options,
  examples: [
    ['aligner-lab sweep --limit 200', 'the embedded pair, 200 problems, in the loop'],
    ['aligner-lab sweep --mode fixed --layers 3,4 --limit 50', 'recorded sentences, two layers'],
    [
      'aligner-lab sweep --positions all',
      'push every output token too, as the papers do: a smaller scale, since it garbles sooner',
    ],
    ['aligner-lab sweep --coefficient -1,-0.5,0,0.5,1 --controls 0', 'a quick look: five points'],
  ],
  load: async () => (await import('./experiment.js')).sweepExperiment,
});
