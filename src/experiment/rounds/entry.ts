/** `aligner-lab rounds`: what the loop does round by round. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const rounds = defineExperiment({
  name: 'rounds',
  summary: 'answers after 0, 1, 2, … correction rounds, then written on by one model alone',
  description: `Runs the aligner loop to its end, and cut off after k rounds for every k: from there one model writes
on alone, the upstream the whole rest, or the corrector sentence by sentence. After 0 rounds that is
either model by itself, so the curve shows what each further round adds.

Reported for every corrector and k with 95 % intervals: the share of answers that are right and its
gain over the upstream alone, their length, and, where a judge knows the sentences, how many of them
are right in their place.

Written to the run folder: rounds.json, rounds.html, records.jsonl, manifest.json. Run again to go on
after an interruption.`,
  options,
  examples: [
    ['aligner-lab rounds --limit 100', 'the embedded pair on 100 test problems'],
    [
      'aligner-lab rounds --corrector corrector-arithmetic-s,corrector-arithmetic-m --rounds 4',
      'two sizes, up to four rounds',
    ],
  ],
  load: async () => (await import('./experiment.js')).roundsExperiment,
});
