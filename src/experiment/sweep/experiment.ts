/** The sweep as an experiment: from its options to its models, its run and its words. */
import { createCorrector } from '../../align/corrector.js';
import type { Upstream } from '../../align/upstream.js';
import { readAnnotatedQuadruples } from '../../data/jsonl.js';
import { exactSolver } from '../../judge/solver.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import type { OptionValues } from '../../shape/options.js';
import { figure, figureWithin, formatTable, percent } from '../../text/table.js';
import { type Experiment, type OpenExperiment } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { opening } from '../shared/opening.js';
import { steeringBasis } from '../shared/reading/reading.js';
import { phased } from '../shared/stages.js';
import type { options } from './flags.js';
import { sweepKind } from './page.js';
import { sweepProblems } from './problems.js';
import { runSweep } from './run.js';
import type { SweepOptions } from './options.js';
import { sweepRecord, type SweepRecord, type SweepSummary } from './shape.js';

type Given = OptionValues<typeof options> & { seed: number };

export const sweepExperiment: Experiment<Given, SweepRecord> = {
  record: sweepRecord,
  summaries: [sweepKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<SweepRecord>> {
  const { direction } = given;
  const how = { copies: true };
  const files = {
    stimuli: lab.path(given.stimuli),
    problems: lab.path(given.problems),
    validation: lab.path(given.validation),
    ...(direction !== undefined && { direction: lab.path(direction) }),
  };
  return await opening(async (keep) => {
    const model = keep(await lab.load(given.model, how));
    const upstream =
      given.mode === 'loop' ? keep(await lab.upstream(given.upstream, how)) : undefined;
    return {
      models: { model, ...(upstream && { upstream }) },
      files,
      async *run({ folder, records }) {
        const options = await prepare(given, { model, upstream }, { ...lab, folder });
        const summary = yield* runSweep({ ...options, done: records });
        return {
          summaries: { sweep: summary },
          lines: describe(summary),
          warnings: summary.warnings,
        };
      },
    };
  });
}

/** Everything the sweep needs. */
async function prepare(
  given: Given,
  models: { model: LanguageModel; upstream?: Upstream },
  lab: Lab & { folder: string },
): Promise<SweepOptions> {
  const { model, upstream } = models;
  const { seed, layers } = given;
  const basis = await steeringBasis(model, { ...given, limit: undefined }, lab);
  const problems = (file: string, limit?: number) =>
    sweepProblems(readAnnotatedQuadruples(lab.path(file)), limit);
  return {
    model: model.name,
    ...{ mode: given.mode, positions: given.positions, metric: given.metric, seed },
    corrector: createCorrector({ model }),
    upstream,
    scorer: exactSolver(),
    layers: model.decoder.info.layers,
    ...basis,
    problems: problems(given.problems, given.limit),
    validation: problems(given.validation),
    controls: { random: given.controls, ...(given.controls === 0 && { shuffled: 0 }) },
    steeredLayers: layers,
    grid: given.coefficients,
    scale: given.scale,
    onProgress: phased(lab.stages, {
      validation: 'fixing layers, scale and range on validation problems',
      sweep: 'sweeping',
      controls: 'control directions',
    }),
    store: lab.store,
    signal: lab.signal,
  };
}

function describe(summary: SweepSummary): string[] {
  const { fit, fitRange, controls, comparison } = summary;
  const rows = summary.points.map((point) => [
    String(point.coefficient),
    figureWithin(point.mean, point.ci),
    percent(point.copyRate),
    figure(point.lengthRatio),
    percent(point.degenerate),
    percent(point.accuracy),
  ]);
  const head = ['coefficient', summary.metric, 'copies', 'length ratio', 'degenerate', 'right'];
  const slopes = controls.random.map(({ slope }) => Math.abs(slope));
  return [
    `Steering ${summary.model}, ${summary.mode} mode, positions ${summary.positions}, layers ${summary.layers.join(', ')}, ${summary.points[0]?.n ?? 0} problems`,
    '',
    formatTable(head, rows),
    '',
    `fit        slope ${figureWithin(fit.slope, fit.ci)}, R² ${figure(fit.r2)} over ${fitRange.join(' … ')}`,
    ...(slopes.length > 0
      ? [
          `controls   ${slopes.length} random directions: |slope| at most ${figure(Math.max(...slopes))}; the tested one is ${comparison?.exceedsAll ? 'steeper than all' : 'not steeper than all'}`,
        ]
      : []),
  ];
}
