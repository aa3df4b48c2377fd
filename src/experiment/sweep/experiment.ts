/** The sweep as an experiment: from its options to its models, its run and its words. */
import { createCorrector } from '../../align/corrector.js';
import { hashData, type DataPlace } from '../../data/files/place.js';
import type { Upstream } from '../../align/upstream.js';
import { scorerFor } from '../../judge/judgesFor.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { rowsAtOnce } from '../../runtime/rowsAtOnce.js';
import { defaultPositions, type PositionRule } from '../../runtime/steering.js';
import type { OptionValues } from '../../shape/options.js';
import { figure, figureWithin, percent, Table } from '../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { opening } from '../shared/opening.js';
import { checkStimuliFile } from '../shared/reading/checkStimuliFile.js';
import { directionFiles, givenDirection, steeringBasis } from '../shared/reading/findSteering.js';
import type { DirectionPlace } from '../../read/files/steeringFile.js';
import type { StoredDirections } from '../../read/files/storedDirections.js';
import { saveSteering, type Chosen } from '../shared/saveSteering.js';
import { phased } from '../shared/stages.js';
import type { options } from './flags.js';
import { sweepKind } from './page.js';
import { checkRecorded } from './plan.js';
import { readProblems } from './problems.js';
import { checkProblems, runSweep } from './run.js';
import type { SweepOptions } from './options.js';
import { sweepRecord, type PlanRecord, type SweepRecord, type SweepSummary } from './shape.js';

type Given = OptionValues<typeof options> & { seed: number };

export const sweepExperiment: Experiment<Given, SweepRecord> = {
  record: sweepRecord,
  summaries: [sweepKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<SweepRecord>> {
  const place = await givenDirection(given, lab);
  const how = { copies: true };
  const files = {
    ...(await checkStimuliFile(given, lab)),
    problems: await lab.data(given.problems),
    validation: await lab.data(given.validation),
    ...directionFiles(place),
  };
  const data = await readData(given, files, lab);
  if (!(given.layers ?? place?.steering?.saved.layers)) checkRecorded(data.validation);
  return await opening(async (keep) => {
    const model = keep(await lab.load(given.model, how));
    const upstream =
      given.mode === 'loop' ? keep(await lab.upstream(given.upstream, how)) : undefined;
    return {
      models: { model, ...(upstream && { upstream }) },
      files,
      run: ({ folder, records }) =>
        sweep(given, { model, upstream, place, data, folder, records }, lab),
    };
  });
}

type Data = Pick<SweepOptions, 'problems' | 'validation' | 'scorer'>;

/** The problems of both splits, and who judges their answers. @throws as {@link checkProblems}. */
async function readData(
  given: Given,
  files: { problems: DataPlace; validation: DataPlace },
  lab: Pick<Lab, 'onReport'>,
): Promise<Data> {
  const problems = await readProblems(files.problems, given.limit, lab);
  const validation = await readProblems(files.validation, Infinity, lab);
  checkProblems({ ...given, problems, validation });
  return { problems, validation, scorer: scorerFor([...problems, ...validation]) };
}

interface At {
  data: Data;
  model: LanguageModel;
  upstream?: Upstream;
  place: DirectionPlace | null;
  folder: string;
  records: readonly SweepRecord[];
}

/** The sweep; its steering is saved as soon as it is fixed. */
async function* sweep(given: Given, at: At, lab: Lab): AsyncGenerator<SweepRecord, Outcome> {
  const { options, stored } = await prepare(given, at, lab);
  const save = async (plan: PlanRecord): Promise<string> =>
    await saveSteering(at.folder, {
      ...{ model: at.model, stored, plan, positions: options.positions },
      ...(await chosen(given, at, lab)),
    });
  const planned = at.records.find((record) => record.kind === 'plan');
  let path = planned && (await save(planned));
  const work = runSweep({ ...options, done: at.records });
  for (;;) {
    const step = await work.next();
    if (step.done) {
      const summary = step.value;
      return {
        summaries: { sweep: summary },
        lines: [...describe(summary), `steering   ${path ?? ''}: for --direction`],
        warnings: summary.warnings,
      };
    }
    if (step.value.kind === 'plan') path = await save(step.value);
    yield step.value;
  }
}

/** How direction, layers and scale came about. */
async function chosen(given: Given, { place }: At, lab: Lab): Promise<Chosen> {
  const saved = place?.steering?.saved;
  const how = (key: 'layers' | 'scale'): string => {
    if (given[key] !== undefined) return 'given';
    return saved
      ? 'taken from a saved steering'
      : `chosen on validation problems, ${given.mode} mode`;
  };
  const { method, seed, labels = 'behaviour' } = given;
  return {
    chosen: `layers ${how('layers')}; scale ${how('scale')}`,
    foundFrom: place
      ? (saved?.foundFrom ?? null)
      : { stimuliSha256: await hashData(await lab.data(given.stimuli)), labels, method, seed },
  };
}

/** Everything the sweep needs. */
async function prepare(
  given: Given,
  { model, upstream, place, data, folder }: At,
  lab: Lab,
): Promise<{ options: SweepOptions & { positions: PositionRule }; stored: StoredDirections }> {
  const { seed } = given;
  const saved = place?.steering?.saved;
  const layers = given.layers ?? saved?.layers;
  const asked = { ...given, layers, limit: undefined, place };
  const { basis, stored } = await steeringBasis(model, asked, { ...lab, folder });
  const options = {
    model: model.name,
    ...{ mode: given.mode, metric: given.metric, seed },
    positions: given.positions ?? saved?.positions ?? defaultPositions,
    corrector: createCorrector({ model }),
    ...batching(model),
    upstream,
    layers: model.decoder.info.layers,
    ...{ ...basis, ...data },
    controls: {
      ...{ random: given.controls, problems: given.controlProblems },
      ...(given.controls === 0 && { shuffled: 0 }),
    },
    steeredLayers: layers,
    grid: given.coefficients,
    scale: given.scale ?? saved?.scale,
    onProgress: phased(lab.stages, {
      validation: 'fixing layers, scale and range on validation problems',
      sweep: 'sweeping',
      controls: 'control directions',
    }),
    store: lab.store,
    signal: lab.signal,
  };
  return { options, stored };
}

/** On a CPU it is the default, which is no part of a unit's name. */
function batching({ decoder: { info } }: LanguageModel): Pick<SweepOptions, 'batchSize'> {
  return info.device === 'cpu' ? {} : { batchSize: rowsAtOnce(info.device) };
}

function describe(summary: SweepSummary): Outcome['lines'] {
  const { fit, fitRange, controls, comparison } = summary;
  const rows = summary.points.map((point) => [
    String(point.coefficient),
    String(point.n),
    figureWithin(point.mean, point.ci),
    percent(point.copyRate),
    figure(point.lengthRatio),
    percent(point.degenerate),
    percent(point.accuracy),
  ]);
  const head = [
    'coefficient',
    'n',
    summary.metric,
    'copies',
    'length ratio',
    'degenerate',
    'right',
  ];
  const slopes = controls.random.map(({ slope }) => Math.abs(slope));
  return [
    `Steering ${summary.model}, ${summary.mode} mode, positions ${summary.positions}, layers ${summary.layers.join(', ')}, ${summary.points[0]?.n ?? 0} problems`,
    '',
    new Table(head, rows),
    '',
    `fit        slope ${figureWithin(fit.slope, fit.ci)}, R² ${figure(fit.r2)} over ${fitRange.join(' … ')}`,
    ...(slopes.length > 0
      ? [
          `controls   ${slopes.length} random directions: |slope| at most ${figure(Math.max(...slopes))}; the tested one is ${comparison?.exceedsAll ? 'steeper than all' : 'not steeper than all'}`,
        ]
      : []),
  ];
}
