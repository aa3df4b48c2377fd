/** `aligner-lab extract`: a direction and its health. */
import { join } from 'node:path';
import { healthPage } from '../../experiment/pages.js';
import { saveDirections } from '../../read/files/directionFile.js';
import { hashStimuli, writeStimuli } from '../../read/stimuliFile.js';
import type { Health } from '../../read/healthTypes.js';
import { defineCommand } from '../command.js';
import {
  common,
  corrector,
  engine,
  folder,
  labelLimit,
  method,
  seed,
  stimuli as stimuliOptions,
} from '../common.js';
import { figureOptions, prepareFigures } from '../figures.js';
import { loadModel } from '../models.js';
import { describeHealth, readModel, warnAll } from '../reading.js';
import { openCommandRun, shownPath } from '../runFolder.js';
import { figure, formatTable, percentWithin } from '../table.js';

export const extract = defineCommand({
  name: 'extract',
  summary: 'find the direction along which a corrector decides, and say how good it is',
  description: `Labels held-out sentences by what the corrector does with them (correct or copy), finds per layer the
direction along which its hidden states differ at the last token before it writes, and judges it on
the other half of the problems: accuracy and AUC per layer with intervals, explained variance,
agreement with the other methods, baselines. The sign follows the labels: positive is correct.

Written to the run folder: directions.safetensors (unit vectors [layers, width], with what they were
made from), health.json, health.html (accuracy by layer and method), stimuli.jsonl (the labelled
stimuli, for --stimuli), manifest.json.`,
  options: {
    ...corrector,
    ...stimuliOptions,
    ...method,
    ...labelLimit,
    ...seed,
    ...figureOptions,
    ...folder,
    ...engine,
    ...common,
  },
  examples: [
    ['aligner-lab extract --out runs/direction', 'the embedded corrector, RepE’s PCA'],
    ['aligner-lab extract --method probe --limit 1500', 'a logistic probe, on more stimuli'],
  ],
  async run({ options, context }) {
    const writeFigures = prepareFigures(options, context);
    await using model = await loadModel(options.model, options, context);
    const files = { stimuli: context.path(options.stimuli) };
    const of = { command: 'extract', options, models: { model }, files };
    await using run = await openCommandRun(of, context);
    const { stimuli, directions, health, names } = await readModel(model, options, context);
    const origin = {
      model: model.name,
      modelSha256: model.decoder.info.sha256,
      stimuliSha256: hashStimuli(stimuli),
      seed: String(options.seed),
    };
    const path = join(run.folder, 'directions.safetensors');
    await saveDirections(path, { directions, origin });
    await writeStimuli(join(run.folder, 'stimuli.jsonl'), stimuli, names);
    const summary = { model: model.name, stimuli: stimuli.length, ...health, labels: names };
    await run.writeSummary('health', summary);
    const figures = await writeFigures(run.folder, { health: healthPage(summary) });
    context.show(`Direction of ${model.name} by ${health.method}, ${summary.stimuli} stimuli`);
    context.show(layerTable(health));
    describeHealth(health).forEach((line) => context.show(line));
    context.show(`direction      ${shownPath(path, context)}`);
    figures.forEach((figure) => context.show(`figure         ${figure}`));
    warnAll(health.warnings, context);
    context.result({ ...summary, file: path });
  },
});

function layerTable({ perLayer }: Health): string {
  const rows = perLayer.map((layer) => [
    String(layer.layer),
    percentWithin(layer.heldOutAccuracy, layer.ci),
    figure(layer.auc),
    figure(layer.explainedVariance),
    ...Object.values(layer.cosines).map(figure),
  ]);
  const cosines = Object.keys(perLayer[0]?.cosines ?? {}).map((name) => `cos ${name}`);
  return `\n${formatTable(['layer', 'held-out accuracy', 'AUC', 'explained', ...cosines], rows)}\n`;
}
