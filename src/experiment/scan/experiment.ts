/** The LAT scan as an experiment: from its options to its model, its run and its words. */
import { latScan, type Scan } from '../../read/latScan.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { OptionValues } from '../../shape/options.js';
import type { TerminalText } from '../../text/show.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { checkStimuliFile } from '../shared/reading/checkStimuliFile.js';
import { describeHealth, readModel, saveReading } from '../shared/reading/reading.js';
import type { options } from './flags.js';
import { terminalScanText } from './figures/terminal.js';
import { scanKind } from './page.js';
import { rightAfterwards } from './right.js';
import { scanRecords, type ScanRecord } from './records.js';
import { scanRecord } from './shape.js';

type Given = OptionValues<typeof options> & { seed: number };

export const scanExperiment: Experiment<Given, ScanRecord> = {
  record: scanRecord as never,
  summaries: [scanKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<ScanRecord>> {
  const files = await checkStimuliFile(given, lab);
  const model = await lab.load(given.model);
  return {
    models: { model },
    files,
    run: ({ folder, records }) => scan(given, { model, folder, records, lab }),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

async function* scan(
  given: Given,
  at: { model: LanguageModel; folder: string; records: readonly ScanRecord[]; lab: Lab },
): AsyncGenerator<ScanRecord, Outcome> {
  const { model, folder, records, lab } = at;
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
  return {
    summaries: { scan: summary },
    lines: [...describe(summary, lab), ...describeHealth(reading)],
    warnings: reading.health.warnings,
  };
}

function describe(summary: Scan, { terminal }: Lab): (string | TerminalText)[] {
  const { model, device, layers, cases, standardize, direction, labels } = summary;
  return [
    `LAT scan of ${model}: ${layers} layers, direction by ${direction.method}, ${device}`,
    '',
    terminalScanText({ cases, standardize, labels, ...terminal }),
    '',
  ];
}
