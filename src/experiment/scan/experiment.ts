/** The LAT scan as an experiment: from its options to its model, its run and its words. */
import { latScan } from '../../read/latScan.js';
import { dropStates } from '../../read/spilledStates.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { OptionValues } from '../../shape/options.js';
import type { TerminalText } from '../../text/show.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { checkStimuliFile } from '../shared/reading/checkStimuliFile.js';
import { describeHealth, labelModel, readModel, saveReading } from '../shared/reading/reading.js';
import type { options } from './flags.js';
import { terminalScanText } from './figures/terminal.js';
import { scanKind } from './page.js';
import { rightAfterwards } from './right.js';
import { scanRecords, type ScanRecord } from './records.js';
import { scanRecord } from './shape.js';
import { checkShown, finishedScan, showLayers, type ShownScan } from './sought.js';

type Given = OptionValues<typeof options> & { seed: number };

export const scanExperiment: Experiment<Given, ScanRecord> = {
  record: scanRecord as never,
  summaries: [scanKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<ScanRecord>> {
  const files = await checkStimuliFile(given, lab);
  const model = await lab.load(given.model);
  try {
    const { name, decoder } = model;
    const shown = checkShown(given.shownLayers, { name, layers: decoder.info.layers });
    return {
      models: { model },
      files,
      run: ({ folder, records }) => scan(given, { model, folder, records, lab }, shown),
      help: () => labelModel(model, given, lab),
      [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
    };
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

interface Place {
  model: LanguageModel;
  folder: string;
  records: readonly ScanRecord[];
  lab: Lab;
}

async function* scan(
  given: Given,
  place: Place,
  shown: readonly number[] | undefined,
): AsyncGenerator<ScanRecord, Outcome> {
  const { folder, records, lab } = place;
  // Which layers are shown changes no record, so a finished scan is only shown again.
  const finished = records.length > 0 ? await finishedScan(folder) : null;
  const summary = showLayers(finished ?? (yield* readAll(given, place)), shown);
  return {
    summaries: { scan: summary },
    lines: [...describe(summary, lab), ...describeBest(summary)],
    warnings: summary.health.warnings,
  };
}

async function* readAll(
  given: Given,
  { model, folder, records, lab }: Place,
): AsyncGenerator<ScanRecord, ShownScan> {
  const { tokens, standardize, cases, seed } = given;
  const reading = await readModel(model, given, { ...lab, folder });
  const summary = await latScan({
    ...reading,
    ...{ model, tokens, standardize, cases, seed, signal: lab.signal },
    right: rightAfterwards(reading.stimuli),
    onProgress: lab.stages('reading output tokens'),
  });
  yield* scanRecords(reading.stimuli, summary, records);
  await saveReading(folder, { model, reading, seed });
  await dropStates(reading.states);
  return summary;
}

function describe(summary: ShownScan, { terminal }: Lab): (string | TerminalText)[] {
  const { model, device, layers, direction } = summary;
  return [
    `LAT scan of ${model}: ${layers} layers, direction by ${direction.method}, ${device}`,
    '',
    terminalScanText({ ...summary, ...terminal }),
    '',
  ];
}

function describeBest({ perLayer, baselines, health, labels, shownLayers }: ShownScan): string[] {
  const { bestLayer, methods } = health;
  const found = { perLayer, baselines, bestLayer, methods };
  return describeHealth({ health: found, names: labels, shownLayers });
}
