/** `aligner-lab evaluate`: how often each system is right, and what the corrector does to sentences. */
import { defineExperiment } from '../../shared/experiment.js';
import { options } from './flags.js';

export const evaluate = defineExperiment({
  name: 'evaluate',
  summary: 'accuracy of upstream, stream loop, corrector alone and Aligner on the same problems',
  description: `Answers generated problems with each system, greedily, and lets the exact solver judge:
  upstream         the larger model alone
  stream           the aligner loop: upstream and corrector, sentence by sentence
  corrector-alone  the corrector's own answer, without any upstream: what the pair must beat
  aligner          the upstream's whole answer, corrected at once
  proxy            the upstream's whole answer, its logits moved by alpha (expert - anti-expert);
                   only where --expert and --anti-expert name two small models of its vocabulary

With --coefficient the loop also runs steered, a system for each number, stream-<corrector>@<number>: in
the unit of sweep and align, along --direction, else along the direction in the model's folder.

Reported with 95 % intervals: accuracy, fixed (right now, given that the upstream alone was wrong),
broken (the reverse), copies, time per token and to the first text. Then the corrector runs on
recorded sentences: good ones copied verbatim, bad ones rewritten to right ones, and so on.

Written to the run folder: evaluate.json, corrector.json, evaluate.html, corrector.html,
records.jsonl, manifest.json. Run again to go on after an interruption.`,
  options,
  examples: [
    ['aligner-lab evaluate --limit 1000', 'the embedded models on 1,000 test problems'],
    [
      'aligner-lab evaluate --corrector corrector-arithmetic-s --systems upstream,stream --limit 200',
      'another size, two systems',
    ],
    [
      'aligner-lab evaluate --systems upstream,stream --coefficient -0.6,0.5 --limit 200',
      'the loop as it is, pushed towards copying, and towards correcting',
    ],
  ],
  load: async () => (await import('./experiment.js')).evaluateExperiment,
});
