/** A direction and its health as an experiment. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Health } from '../../read/healthTypes.js';
import { exportStates, indexPath } from '../../read/exportStates.js';
import { dropStates } from '../../read/spilledStates.js';
import { hashStimuli, writeStimuli } from '../../read/stimuliFile.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { OptionValues } from '../../shape/options.js';
import { figure, percentWithin, Table } from '../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { checkStimuliFile } from '../shared/reading/checkStimuliFile.js';
import type { ConceptReading } from '../shared/reading/readConcept.js';
import { describeHealth, labelModel, readModel, saveReading } from '../shared/reading/reading.js';
import type { options } from './flags.js';
import { healthKind } from './page.js';

type Given = OptionValues<typeof options> & { seed: number };

export const healthExperiment: Experiment<Given, never> = {
  // Directions and stimuli are files of their own.
  record: z.never(),
  summaries: [healthKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<never>> {
  const files = await checkStimuliFile(given, lab);
  // Before a model is loaded.
  if (given.states !== undefined) indexPath(given.states);
  const model = await lab.load(given.model);
  return {
    models: { model },
    files,
    // eslint-disable-next-line require-yield -- it has no record
    async *run({ folder }) {
      return await extract(given, { model, folder, lab });
    },
    help: () => labelModel(model, given, lab),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

async function extract(
  given: Given,
  { model, folder, lab }: { model: LanguageModel; folder: string; lab: Lab },
): Promise<Outcome> {
  const reading = await readModel(model, given, { ...lab, folder });
  const { stimuli, health, names } = reading;
  const file = await saveReading(folder, { model, reading, seed: given.seed });
  await writeStimuli(join(folder, 'stimuli.jsonl'), stimuli, names);
  const written = await writeStates(reading, given, { model, lab });
  await dropStates(reading.states);
  const summary = { model: model.name, stimuli: stimuli.length, ...health, labels: names };
  return {
    summaries: { health: summary },
    lines: [
      `Direction of ${model.name} by ${health.method}, ${stimuli.length} stimuli`,
      ...['', layerTable(health), ''],
      ...describeHealth(reading),
      `direction      ${file}`,
      ...(written ? [`states         ${written.rows} in ${written.states}`] : []),
    ],
    warnings: health.warnings,
    result: { ...summary, file, ...(written && { states: written }) },
  };
}

/** The hidden states for other tools, where they are asked for. */
async function writeStates(
  { stimuli, states, prompt }: ConceptReading,
  given: Given,
  { model, lab }: { model: LanguageModel; lab: Lab },
): Promise<Awaited<ReturnType<typeof exportStates>> | undefined> {
  if (given.states === undefined) return undefined;
  return await exportStates({
    path: lab.path(given.states),
    ...{ stimuli, states, prompts: stimuli.map(prompt), decoder: model.decoder },
    decode: (token) => model.tokenizer.decode([token]),
    positions: given.statePositions,
    metadata: {
      model: model.name,
      model_sha256: model.identity.sha256,
      stimuli_sha256: hashStimuli(stimuli),
    },
    onProgress: lab.stages('writing hidden states'),
    signal: lab.signal,
  });
}

function layerTable({ perLayer, methods }: Health): Table {
  const n = String(methods[0]?.n ?? '–');
  const rows = perLayer.map((layer) => [
    String(layer.layer),
    percentWithin(layer.heldOutAccuracy, layer.ci),
    n,
    figure(layer.auc),
    figure(layer.explainedVariance),
    ...Object.values(layer.cosines).map(figure),
  ]);
  const cosines = Object.keys(perLayer[0]?.cosines ?? {}).map((name) => `cos ${name}`);
  return new Table(['layer', 'held-out accuracy', 'n', 'AUC', 'explained', ...cosines], rows);
}
