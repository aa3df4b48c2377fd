/** The parts that look into one model: scan, lens, sweep and causal test. */
import { join } from 'node:path';
import { alignerAsCorrector } from '../../align/aligner.js';
import { createCorrector, type Corrector } from '../../align/corrector.js';
import { createLocalUpstream } from '../../align/upstream.js';
import { beginningsOf, type Beginnings } from '../../experiment/causal/cases.js';
import { runCausal } from '../../experiment/causal/run.js';
import { causalProblems } from '../../experiment/causal/problems.js';
import type { CausalProblem } from '../../experiment/causal/problems.js';
import { runLens } from '../../experiment/lens/run.js';
import {
  readCorrector,
  type CorrectorReading,
} from '../../experiment/shared/reading/readCorrector.js';
import { saveReading } from '../../experiment/shared/reading/reading.js';
import { labelsName } from '../../experiment/shared/reading/labels.js';
import type { Part } from '../plan.js';
import type { PartResults } from '../results.js';
import { toldRecords } from '../../experiment/scan/effects.js';
import { scanRecords, type ScanRecord } from '../../experiment/scan/records.js';
import { runSweep } from '../../experiment/sweep/run.js';
import { answerRepeat } from '../../experiment/sweep/measure.js';
import { sweepProblems } from '../../experiment/sweep/problems.js';
import { readAligner } from '../../experiment/shared/wholeAnswers.js';
import { latScan, type Scan } from '../../read/latScan.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { textIds } from '../../text/controlTokens.js';
import { loadKnown } from './load.js';
import { labelledBefore, sentencesOf, type Sentences } from './sentences.js';
import { madeOnce, partConfiguration, partFolder, recordRun, type Setting } from '../setting.js';
import { phased, type Stages } from '../../experiment/shared/stages.js';

interface Opened extends AsyncDisposable {
  model: LanguageModel;
  corrector: Corrector;
  sentences: Sentences;
  reading: CorrectorReading;
}

/** The part's model with its sentences, labels and directions. */
async function open(part: Part, setting: Setting, stages: Stages): Promise<Opened> {
  const model = await loadKnown(part.model ?? '', setting);
  try {
    const sentences = await sentencesOf(part, { model, stages }, setting);
    const reading = await read(part, model, { sentences, setting, stages });
    const corrector =
      part.role === 'aligner' ? alignerAsCorrector({ model }) : createCorrector({ model });
    return {
      model,
      corrector,
      sentences,
      reading,
      [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
    };
  } catch (error) {
    await model[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Once per model where the scan's labels are there: then it is the same for every part. A machine that
 * helps has no scan, and takes all labels from the store.
 */
async function read(
  part: Part,
  model: LanguageModel,
  given: { sentences: Sentences; setting: Setting; stages: Stages },
): Promise<CorrectorReading> {
  const now = (): Promise<CorrectorReading> => readNow(part, model, given);
  const { setting } = given;
  if (!setting.host.helps && !labelledBefore(part, setting)) return await now();
  return await madeOnce(setting.readings, model.name, now);
}

function readNow(
  part: Part,
  model: LanguageModel,
  given: { sentences: Sentences; setting: Setting; stages: Stages },
): Promise<CorrectorReading> {
  const { sentences, setting, stages } = given;
  const source = labelledBefore(part, setting) ?? sentences.validation;
  const shared = {
    ...{ model, seed: setting.seed, candidates: setting.sizes.scan.candidates },
    onProgress: phased(stages, { labelling: 'labelling stimuli', states: 'reading hidden states' }),
    signal: setting.host.signal,
    store: setting.host.store,
    ...(!setting.host.helps && { keptIn: join(partFolder(part, setting), labelsName) }),
  };
  return part.role === 'aligner'
    ? readAligner({ ...shared, answers: source })
    : readCorrector({ ...shared, source });
}

/** What machines can share of a scan: the labels. */
export async function helpScan(part: Part, setting: Setting, stages: Stages): Promise<void> {
  const opened = await open(part, setting, stages);
  await opened[Symbol.asyncDispose]();
}

export async function scanPart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['scan']> {
  const folder = partFolder(part, setting);
  return await recordRun<ScanRecord, Scan>(
    { folder, configuration: partConfiguration(part, setting), setting },
    async function* (run) {
      await using opened = await open(part, setting, stages);
      const { model, reading } = opened;
      const scan = await latScan({
        ...reading,
        ...{ model, seed: setting.seed, signal: setting.host.signal },
        onProgress: stages('reading output tokens'),
      });
      await saveReading(folder, { model, reading, seed: setting.seed });
      const told = toldRecords(reading, (text) => textIds(model.tokenizer, text));
      yield* scanRecords(reading.stimuli, scan, run.records, told);
      return scan;
    },
    (run, scan) => run.writeSummary('scan', scan),
  );
}

export async function lensPart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['lens']> {
  const { seed, sizes, host } = setting;
  return await recordRun(
    { folder: partFolder(part, setting), configuration: partConfiguration(part, setting), setting },
    async function* (run) {
      await using opened = await open(part, setting, stages);
      return yield* runLens({
        ...lookedInto(opened),
        problems: oneSentenceEach(opened.sentences.test).slice(0, sizes.lens.problems),
        seed,
        done: run.records,
        onProgress: phased(stages, { cases: 'finding copies and corrections', lens: 'logit lens' }),
        store: host.store,
        signal: host.signal,
      });
    },
    (run, summary) => run.writeSummary('lens', summary),
  );
}

export async function causalPart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['causal']> {
  const { seed, host } = setting;
  const { problems, pairs, pool, controls } = setting.sizes.causal;
  return await recordRun(
    { folder: partFolder(part, setting), configuration: partConfiguration(part, setting), setting },
    async function* (run) {
      await using opened = await open(part, setting, stages);
      const { reading, sentences } = opened;
      const some = (split: keyof Sentences): CausalProblem[] =>
        oneSentenceEach(sentences[split]).slice(0, pool);
      return yield* runCausal({
        ...lookedInto(opened),
        directions: reading.directions,
        meanNorms: reading.norms,
        accuracy: accuracies(reading),
        problems: { validation: some('validation'), test: some('test') },
        ...{ limit: problems, pairs, seed, controls: { random: controls } },
        // For slopes, both ends will do; that a step is no line is the sweep's to show.
        coefficients: [-0.5, 0.5],
        ...(part.role === 'aligner' && { repeat: answerRepeat }),
        done: run.records,
        onProgress: phased(stages, {
          cases: 'finding copies and corrections',
          edits: 'steering and ablating, one layer at a time',
          controls: 'random directions, one layer at a time',
          patches: 'patching hidden states',
        }),
        store: host.store,
        signal: host.signal,
      });
    },
    (run, summary) => run.writeSummary('causal', summary),
  );
}

/** Correctors are steered in the loop; an Aligner, which has none, on recorded answers. */
export async function sweepPart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['sweep']> {
  const { seed, sizes, host, data } = setting;
  const { problems, grid, controls, controlProblems } = sizes.sweep;
  const { validation, windowProblems } = sizes.sweep;
  return await recordRun(
    { folder: partFolder(part, setting), configuration: partConfiguration(part, setting), setting },
    async function* (run) {
      await using opened = await open(part, setting, stages);
      const { reading, sentences, corrector, model } = opened;
      const loops = part.role === 'corrector';
      await using upstream = loops ? await loadKnown(setting.models.upstream, setting) : null;
      return yield* runSweep({
        ...{ model: model.name, corrector, grid, seed },
        mode: loops ? 'loop' : 'fixed',
        ...(upstream && { upstream: createLocalUpstream({ model: upstream }) }),
        scorer: data.scorer,
        limits: data.limits,
        layers: model.decoder.info.layers,
        directions: reading.directions,
        training: reading.training,
        meanNorms: reading.norms,
        accuracy: accuracies(reading),
        problems: sweepProblems(sentences.test).slice(0, problems),
        validation: sweepProblems(sentences.validation),
        planMode: 'fixed',
        validationProblems: validation,
        // Of an Aligner's whole answers fewer will do: each has as many words as four sentences.
        windowProblems: loops ? windowProblems : Math.ceil(windowProblems / 4),
        // No finding is about directions from permuted labels.
        controls: { random: controls, shuffled: 0, problems: controlProblems },
        ...(!loops && { repeat: answerRepeat }),
        done: run.records,
        onProgress: phased(stages, {
          validation: 'fixing layers, scale and range on validation problems',
          sweep: 'sweeping',
          controls: 'control directions',
        }),
        store: host.store,
        signal: host.signal,
      });
    },
    (run, summary) => run.writeSummary('sweep', summary),
  );
}

/** What a lens and a causal test need of a model. */
function lookedInto({ model, corrector, reading }: Opened): {
  model: string;
  corrector: Corrector;
  decoder: LanguageModel['decoder'];
  prompt: CorrectorReading['prompt'];
} & Beginnings {
  return {
    model: model.name,
    corrector,
    decoder: model.decoder,
    prompt: reading.prompt,
    ...beginningsOf(model),
  };
}

function accuracies({ health }: CorrectorReading): number[] {
  return health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy);
}

function oneSentenceEach(sentences: Sentences['test']): CausalProblem[] {
  return causalProblems(sweepProblems(sentences));
}
