/** `aligner-lab extract`: a direction and its health. */
import { defineExperiment } from '../shared/experiment.js';
import { options } from './flags.js';

export const health = defineExperiment({
  name: 'extract',
  summary: 'find the direction along which a corrector decides, and say how good it is',
  description: `Labels held-out sentences by what the corrector does with them (correct or copy), finds per layer the
direction along which its hidden states differ at the last token before it writes, and judges it on
the other half of the problems: accuracy and AUC per layer with intervals, explained variance,
agreement with the other methods, baselines. The sign follows the labels: positive is correct.

With --labels given, the two classes are what the lines of --stimuli say, of texts, chats or a
corrector's inputs, and lines that share a pair are compared with each other.

Written to the run folder: directions.safetensors (unit vectors [layers, width], with what they were
made from), health.json, health.html (accuracy by layer and method), stimuli.jsonl (the labelled
stimuli, for --stimuli), labels.jsonl (what the corrector wrote for every sentence, as it comes: an
interrupted extraction goes on from there when run again), manifest.json.

--states writes the hidden states for other tools: <name>.safetensors with one tensor, states [rows,
width], and <name>.jsonl, whose line r names stimulus, label, layer, position and token of row r.`,
  options,
  examples: [
    ['aligner-lab extract --out runs/direction', 'the embedded corrector, RepE’s PCA'],
    [
      'aligner-lab extract --states states.safetensors',
      'the hidden states too, for pandas and PyTorch',
    ],
    ['aligner-lab extract --method probe --limit 1500', 'a logistic probe, on more stimuli'],
    [
      'aligner-lab extract --stimuli moods.jsonl --labels given --label-names happy,sad',
      'any concept, from pairs of one’s own',
    ],
  ],
  load: async () => (await import('./experiment.js')).healthExperiment,
});
