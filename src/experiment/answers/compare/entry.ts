/** `aligner-lab compare`: systems over the same questions, by accuracy and by time. */
import { defineExperiment } from '../../shared/experiment.js';
import { options } from './flags.js';

export const compare = defineExperiment({
  name: 'compare',
  summary: 'systems of several sizes on the same questions: accuracy, times, and best-of-n',
  description: `Answers the same questions with the upstream alone, with the aligner loop of each corrector, and with
what else is named: whole-answer Aligners, proxy-tuning by small experts, the upstream fine-tuned.
Beside them stands best-of-n: n samples of the upstream alone, of which the answer that most of them
share is taken. That is what the same time could buy without a corrector.

Reported with 95 % intervals: accuracy of every system, overall and by group of questions, its time
per question, per token and until the first text; the difference of each loop to each of its rivals
over the same questions; and the ratio of a loop's times to those of the Aligner of its size.

Written to the run folder: compare.json, compare.html, records.jsonl, manifest.json. Run again to go
on after an interruption.`,
  options,
  examples: [
    [
      'aligner-lab compare --corrector corrector-arithmetic-s,corrector-arithmetic-m --aligner aligner-arithmetic-s,aligner-arithmetic-m',
      'two sizes, with the Aligners of the same sizes',
    ],
    [
      'aligner-lab compare --questions gsm8k.jsonl --upstream ./upstream --corrector ./corrector --limit 100',
      'your own models and questions, judged by the final answer',
    ],
  ],
  load: async () => (await import('./experiment.js')).compareExperiment,
});
