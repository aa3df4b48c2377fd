/** `aligner-lab sweep`: what the corrections do when the direction is pushed. */
import { z } from 'zod';
import { createCorrector } from '../../align/corrector.js';
import { createLocalUpstream } from '../../align/upstream.js';
import { readAnnotatedQuadruples } from '../../data/jsonl.js';
import { defaultPositions } from '../../experiment/shared/steeringUnit.js';
import { runSweep, type SweepOptions } from '../../experiment/sweep/run.js';
import { isRightAnswer, sweepProblems } from '../../experiment/sweep/problems.js';
import type { SweepRecord, SweepSummary } from '../../experiment/sweep/types.js';
import { sweepPage } from '../../experiment/pages.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { embedded, stimuliFiles } from '../../data/artifacts.js';
import { defineCommand, type Context } from '../command.js';
import {
  common,
  corrector,
  directionFile,
  engine,
  folder,
  method,
  seed,
  stimuli,
} from '../common.js';
import { figureOptions, prepareFigures } from '../figures.js';
import { loadCopies } from '../models.js';
import {
  choice,
  integer,
  list,
  number,
  text,
  type OptionValues,
  wholeNumber,
} from '../../shape/options.js';
import { readModel, stagedProgress, warnAll } from '../reading.js';
import { openCommandRun, recordAll } from '../runFolder.js';
import { figure, figureWithin, formatTable, percent } from '../table.js';

const options = {
  ...corrector,
  upstream: text({
    value: 'model',
    help: 'who writes the sentences in loop mode',
    default: embedded.upstream,
  }),
  mode: choice(['loop', 'fixed'], {
    help: 'steer while the aligner loop runs, or on recorded sentences',
    default: 'loop',
  }),
  ...directionFile,
  ...method,
  ...stimuli,
  problems: text({
    value: 'file',
    help: 'JSONL of annotated quadruples: the problems that are tested',
    default: stimuliFiles.test,
  }),
  validation: text({
    value: 'file',
    help: 'the same, on which layers, scale and fit range are fixed',
    default: stimuliFiles.validation,
  }),
  limit: integer({ value: 'n', help: 'problems, the first of the file', default: 200 }),
  layers: list(
    { value: 'layers', help: 'steered layers, from 0 (default: chosen on validation data)' },
    wholeNumber(0),
  ),
  coefficients: list(
    { value: 'numbers', help: 'the grid (default: -1 … 1 in steps of 0.125)' },
    z.number(),
  ),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default: chosen on validation data)',
  }),
  positions: choice(['prompt', 'all', 'generated'], {
    help: 'steered positions: those of the prompt, every one (the papers), or the generated ones',
    default: defaultPositions,
  }),
  metric: choice(['editRatio', 'normalizedDistance', 'indelSimilarity'], {
    help: 'what is measured between y1 and y2',
    default: 'editRatio',
  }),
  controls: integer({
    value: 'n',
    help: 'random directions beside the tested one',
    default: 30,
    least: 0,
  }),
  ...seed,
  ...figureOptions,
  ...folder,
  ...engine,
  ...common,
} as const;

export const sweep = defineCommand({
  name: 'sweep',
  summary: 'steering curve: how much is corrected when the direction is pushed',
  description: `Adds the direction to the corrector's residual stream at a grid of coefficients and measures how far
the corrections y2 move from the upstream's sentences y1. Positive coefficients push towards
correcting. Coefficient 1 is a total added norm, shared equally among the steered layers, each in
units of that layer's mean residual norm at the last token of the prompt, times a scale.

In loop mode the coefficient acts while the whole aligner loop runs, so later rounds see other
sentences; in fixed mode the same recorded sentences are corrected at every coefficient. Layers,
scale and the range of the fit are fixed on validation problems and written down before any test
problem is run. Random directions of the same norm, orthogonal to the tested one, are the control:
the tested slope should exceed every one of theirs. Rounds are averaged within problems, problems
are bootstrapped.

A --direction of another tool is checked by its layers and width only, and has its maker's sign, so
that positive may not mean correct; layers that it lacks are left out (see convert).

Only the prompt is steered by default: what is pushed is the decision, which is made at its last
token, and the sentence after it is written unsteered.

Written to the run folder: sweep.json, sweep.html, records.jsonl, manifest.json. An interrupted
sweep goes on where it stopped when the same command is run again.`,
  options,
  examples: [
    ['aligner-lab sweep --limit 200', 'the embedded pair, 200 problems, in the loop'],
    ['aligner-lab sweep --mode fixed --layers 3,4 --limit 50', 'recorded sentences, two layers'],
    [
      'aligner-lab sweep --positions all',
      'push every output token too, as the papers do: a smaller scale, since it garbles sooner',
    ],
    ['aligner-lab sweep --coefficients -1,-0.5,0,0.5,1 --controls 0', 'a quick look: five points'],
  ],
  async run({ options: given, context }) {
    const { mode } = given;
    const writeFigures = prepareFigures(given, context);
    await using model = await loadCopies(given.model, given, context);
    await using upstream =
      mode === 'loop' ? await loadCopies(given.upstream, given, context) : null;
    const files = {
      stimuli: context.path(given.stimuli),
      problems: context.path(given.problems),
      validation: context.path(given.validation),
      ...(given.direction && { direction: context.path(given.direction) }),
    };
    const models = { model, ...(upstream && { upstream }) };
    const of = { command: 'sweep', options: given, models, files };
    await using run = await openCommandRun<SweepRecord>(of, context);
    if (run.records.length > 0) context.warn(`${run.records.length} records were there already`);
    const made = await prepare(given, { model, upstream }, context);
    const summary = await recordAll(run, runSweep({ ...made, done: run.records }));
    await run.writeSummary('sweep', summary);
    const figures = await writeFigures(run.folder, { sweep: sweepPage(summary) });
    describe(summary).forEach((line) => context.show(line));
    figures.forEach((path) => context.show(`figure     ${path}`));
    warnAll(summary.warnings ?? [], context);
    context.result(summary);
  },
});

interface Pair {
  model: LanguageModel;
  upstream: LanguageModel | null;
}

/** Everything the sweep needs, from the options. */
async function prepare(
  given: OptionValues<typeof options>,
  { model, upstream }: Pair,
  context: Context,
): Promise<SweepOptions> {
  const { layers, coefficients, scale } = given;
  const reading = await readModel(model, { ...given, limit: undefined }, context);
  const quadruples = (path: string) => readAnnotatedQuadruples(context.path(path));
  return {
    model: model.name,
    mode: given.mode,
    positions: given.positions,
    metric: given.metric,
    seed: given.seed,
    corrector: createCorrector({ model }),
    ...(upstream && { upstream: createLocalUpstream({ model: upstream }) }),
    isRight: isRightAnswer,
    layers: model.decoder.info.layers,
    directions: reading.directions,
    training: reading.training,
    meanNorms: reading.norms,
    accuracy: reading.health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy),
    problems: sweepProblems(quadruples(given.problems), given.limit),
    validation: sweepProblems(quadruples(given.validation)),
    controls: { random: given.controls, ...(given.controls === 0 && { shuffled: 0 }) },
    ...(layers && { steeredLayers: layers }),
    ...(coefficients && { grid: coefficients }),
    ...(scale !== undefined && { scale }),
    onProgress: stagedProgress(context, {
      validation: 'fixing layers, scale and range on validation problems',
      sweep: 'sweeping',
      controls: 'control directions',
    }),
    signal: context.signal,
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
