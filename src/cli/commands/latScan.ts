/** `lat-scan`: where in a corrector the decision to correct is made. */
import { z } from 'zod';
import { join } from 'node:path';
import { scanPage } from '../../experiment/pages.js';
import { terminalScan, type TerminalColour } from '../../experiment/scan/figures/terminal.js';
import { saveDirections } from '../../read/files/directionFile.js';
import { latScan as scanModel, type Scan } from '../../read/latScan.js';
import { hashStimuli } from '../../read/stimuliFile.js';
import { defineCommand, type Context } from '../command.js';
import { common, corrector, engine, folder, labelLimit, method, seed, stimuli } from '../common.js';
import { figureOptions, prepareFigures } from '../figures.js';
import { wantsColour, type Io } from '../io.js';
import { loadModel } from '../models.js';
import { choice, integer, list } from '../../shape/options.js';
import { describeHealth, readModel, warnAll } from '../reading.js';
import { openCommandRun } from '../runFolder.js';
import { scanRecords, type ScanRecord } from '../../experiment/scan/records.js';

const options = {
  ...corrector,
  ...stimuli,
  ...method,
  standardize: choice(['zscore', 'raw', 'cosine'], {
    help: 'unit of the readings: standard deviations over output tokens, projections, or projections ÷ norms',
    default: 'zscore',
  }),
  tokens: integer({ value: 'n', help: 'output tokens read per case', default: 20 }),
  cases: list(
    { value: 'ids', help: 'held-out stimuli to show (default: one correct, one copy)' },
    z.string(),
  ),
  ...labelLimit,
  ...seed,
  ...figureOptions,
  ...folder,
  ...engine,
  ...common,
} as const;

export const latScan = defineCommand({
  name: 'lat-scan',
  summary: 'LAT scan: where in a corrector the decision to correct or to copy is made',
  description: `A corrector reads a question, the answer so far and the next sentence of a larger model, and either
copies that sentence or writes a better one. A LAT scan (linear artificial tomography) shows where
in the corrector this is decided:

1. The corrector runs on held-out sentences; each is labelled by what it did: correct or copy.
2. Its hidden states at the last token before it writes give, per layer, the direction along which
the two differ. One half of the problems makes the direction; the other half says how often it
tells the two apart (held-out accuracy), against what y1's length and tokens tell without it.
3. While the corrector writes, every layer's hidden state at every output token is projected on
its direction: positive (warm) reads as correcting, negative (cold) as copying.

Everything is computed from the model in this run. Layer 0 is the first block, at the bottom.

Written to the run folder: scan.json (the numbers), scan.html (the figures, opens anywhere; --format for others),
directions.safetensors (for sweep and align), records.jsonl, manifest.json.`,
  options,
  examples: [
    ['npx lat-scan', 'the embedded corrector; everything is found by itself'],
    [
      'lat-scan --tokens 30 --method mean-difference --out runs/longer',
      'more tokens, another method',
    ],
    ['lat-scan --format png,svg --size double', 'figures for a paper'],
    [
      'lat-scan --model ./my-corrector --stimuli quadruples.jsonl',
      'your own: a folder with onnx/model.onnx and tokenizer, and annotated quadruples',
    ],
  ],
  async run({ options: given, context }) {
    const writeFigures = prepareFigures(given, context);
    await using model = await loadModel(given.model, given, context);
    const files = { stimuli: context.path(given.stimuli) };
    await using run = await openCommandRun<ScanRecord>(
      { command: 'lat-scan', options: given, models: { model }, files },
      context,
    );
    const reading = await readModel(model, given, context);
    const { tokens, standardize, cases, seed: drawn } = given;
    const scan = await scanModel({
      ...reading,
      ...{ model, tokens, standardize, seed: drawn, signal: context.signal },
      ...(cases && { cases }),
      onProgress: context.progress.stage('reading output tokens'),
    });
    await run.append(...scanRecords(reading.stimuli, scan, run.records));
    const origin = {
      model: model.name,
      modelSha256: model.decoder.info.sha256,
      stimuliSha256: hashStimuli(reading.stimuli),
      seed: String(drawn),
    };
    const directions = join(run.folder, 'directions.safetensors');
    await saveDirections(directions, { directions: reading.directions, origin });
    await run.writeSummary('scan', scan);
    const figures = await writeFigures(run.folder, { scan: scanPage(scan) });
    showScan(scan, context);
    describeHealth(reading.health).forEach((line) => context.show(line));
    figures.forEach((path) => context.show(`figure         ${path}`));
    warnAll(reading.health.warnings, context);
    context.result(scan);
  },
});

function showScan(scan: Scan, context: Context): void {
  const { io } = context;
  const { model, device, layers, cases, standardize, labels } = scan;
  context.show(
    `LAT scan of ${model}: ${layers} layers, direction by ${scan.direction.method}, ${device}`,
  );
  context.show();
  const width = io.stdout.columns ?? 100;
  context.show(terminalScan({ cases, standardize, width, labels, colour: colourOf(io) }));
  context.show();
}

function colourOf(io: Io): TerminalColour {
  if (!wantsColour(io.stdout, io.env)) return 'none';
  return /truecolor|24bit/.test(io.env.COLORTERM ?? '') ? 'truecolor' : '256';
}
