/** `aligner-lab calibrate`: which strength gives which edit ratio, so that `serve` can aim at one. */
import { z } from 'zod';
import { createCorrector } from '../../align/corrector.js';
import { embedded } from '../../data/artifacts.js';
import { openQuestions, isQuestionKind, questionKinds } from '../../data/questionSets.js';
import type { QuestionSet } from '../../data/types.js';
import { calibrate as measured } from '../../experiment/calibrate/run.js';
import { calibrationBeside, saveCalibration } from '../../experiment/calibrate/file.js';
import type { Calibration } from '../../experiment/calibrate/shape.js';
import type { Lab } from '../../experiment/shared/lab.js';
import { openSteering, ownPlace } from '../../experiment/shared/openSteering.js';
import { directionOption, named, openedNames, modelNames, steps } from '../../experiment/shared/options.js'; // prettier-ignore
import { samplingOptions } from '../../experiment/shared/sampling.js';
import { phased } from '../../experiment/shared/stages.js';
import { locateDirection } from '../../read/files/steeringFile.js';
import { integer, layerList, list, number, text, type OptionValues } from '../../shape/options.js';
import { figure, figureWithin, percent, Table } from '../../text/table.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand } from '../command.js';
import { common, engine, seed } from '../common.js';
import { labOf } from '../lab.js';
import { describeTraffic, servers } from '../servers.js';
import { shownPath } from '../runFolder.js';
import { openUnitsBeside } from '../unitsBeside.js';

const options = {
  model: text({ ...named, value: 'model', help: `the corrector: ${modelNames}`, default: embedded.corrector }), // prettier-ignore
  upstream: text({ value: 'name', help: `who writes: ${openedNames}`, default: embedded.upstream }),
  direction: directionOption("the corrector's own"),
  layers: layerList({ help: 'steered layers, e.g. 4-6 (default: as saved)' }),
  scale: number({ value: 'x', help: 'norm that coefficient 1 adds, in mean residual norms (default: as saved, else 1)' }), // prettier-ignore
  questions: text({ value: 'name', help: 'prompts that the curve is made of: generated:<split>, or a file of {question}', default: 'generated:validation' }), // prettier-ignore
  heldOut: text({ value: 'name', help: 'prompts that it is tried on, named likewise; none: it is not tried', default: 'generated:test' }), // prettier-ignore
  limit: integer({ value: 'n', help: 'prompts of either, the first ones', default: 64 }),
  coefficients: list({ ...steps, value: 'numbers', help: 'the grid to begin with (default: -1 … 1 in steps of 0.25)' }, z.number()), // prettier-ignore
  targets: list({ value: 'numbers', help: 'edit ratios that are tried on held-out prompts', default: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] }, z.number()), // prettier-ignore
  out: text({ value: 'file', help: 'where it is saved (default: calibration.json beside the direction)' }), // prettier-ignore
  ...samplingOptions,
  ...seed,
  ...servers,
  ...engine,
  ...common,
} as const;
type Options = OptionValues<typeof options>;

const defaultGrid = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1];

export const calibrate = defineCommand({
  description: `Measures how much of the upstream's text the corrector rewrites at each strength, on prompts of your
own, so that aligner-lab serve can be asked for an edit ratio (target: 0.2, about a fifth) in place
of a coefficient. The curve is measured in the loop under the server's own limits, with more points
where it is steep, made monotone (isotonic regression), and read backwards.

Then it is tried on held-out prompts: for every edit ratio asked for, the table shows the coefficient,
the interval in which the mean is expected, and what came of it. An edit ratio that no coefficient
gave is out of reach, and the server refuses it.

Written: calibration.json beside the direction, where serve finds it, or --out. An interrupted one
goes on where it was: what is done lies in <file>.units until the file is there.`,
  options,
  examples: [
    ['aligner-lab calibrate', 'the embedded pair on generated problems'],
    [
      'aligner-lab calibrate --upstream http://localhost:8000/v1#my-model --corrector org/name --direction runs/sweep-1a2b3c4d --questions prompts.jsonl --held-out others.jsonl',
      'your own, before it is served',
    ],
  ],
  async run({ options: given, context }) {
    const grid = gridOf(given);
    const lab = labOf(given, context);
    const prompts = await readPrompts(given.questions, given, lab);
    const heldOut = given.heldOut === 'none' ? null : await readPrompts(given.heldOut, given, lab);
    await using model = await lab.load(given.model, { copies: true });
    await using upstream = await lab.upstream(given.upstream, { copies: true });
    const from = given.direction === undefined ? undefined : lab.path(given.direction);
    const knob = await openSteering({
      model,
      ...(from !== undefined && { from }),
      ...(given.layers && { layers: given.layers }),
      ...(given.scale !== undefined && { scale: given.scale }),
    });
    const place = from === undefined ? await ownPlace(model) : await locateDirection(from);
    const path = given.out === undefined ? calibrationBeside(place?.direction ?? '') : lab.path(given.out); // prettier-ignore
    await using units = await openUnitsBeside(path, { engine: given, purpose: 'aligner-lab calibrate' }, context); // prettier-ignore
    const calibration = await measured({
      ...{ corrector: createCorrector({ model }), upstream, knob, prompts, heldOut },
      grid,
      targets: given.targets,
      onProgress: phased(lab.stages, {
        curve: 'measuring the curve',
        steep: 'measuring where it is steep',
        heldOut: 'trying it on held-out prompts',
      }),
      ...{ store: units.store, signal: lab.signal },
    });
    await saveCalibration(path, calibration);
    await units.done();
    describe(calibration).forEach((line) => context.show(line));
    context.show(`calibration  ${shownPath(path, context)}`);
    const traffic = lab.traffic();
    if (traffic) context.show(describeTraffic(traffic));
    calibration.warnings.forEach(lab.warn);
    context.result(calibration);
  },
});

/** @throws UsageError where no curve can be drawn through it. */
function gridOf({ coefficients = defaultGrid }: Options): number[] {
  const grid = [...new Set(coefficients)].sort((a, b) => a - b);
  if (grid.length >= 2) return grid;
  throw new UsageError(`--coefficient: a curve needs two coefficients at least (got ${grid.length})`); // prettier-ignore
}

async function readPrompts(
  name: string,
  { limit: count, seed: start }: Options,
  lab: Lab,
): Promise<QuestionSet> {
  const source = isQuestionKind(name) ? name : await lab.data(name, { besides: questionKinds });
  const how = { count, seed: start, answers: 'optional', onReport: lab.onReport } as const;
  return await openQuestions(source, how);
}

function describe(calibration: Calibration): (string | Table)[] {
  const { points, heldOut, reach, layers, model, upstream } = calibration;
  const curve = points.map(({ coefficient, n, mean, fitted, copyRate }) => {
    return [String(coefficient), String(n), figure(mean), figure(fitted), percent(copyRate)];
  });
  const tried = heldOut?.rows.map((row) => [
    String(row.asked),
    row.coefficient === null ? 'out of reach' : figure(row.coefficient),
    row.interval ? `[${row.interval.map((end) => figure(end)).join(', ')}]` : '',
    row.achieved === null ? '' : figureWithin(row.achieved, row.achievedCi),
    row.within === null ? '' : row.within ? 'yes' : 'no',
  ]);
  return [
    `Edit ratios of ${model.name} behind ${upstream.name}, steered at layer ${layers.join(', ')}; ${figure(reach[0])} … ${figure(reach[1])} can be asked for`,
    '',
    new Table(['coefficient', 'n', 'edit ratio', 'fitted', 'copies'], curve),
    ...(tried
      ? ['', new Table(['asked', 'coefficient', 'expected', 'achieved', 'within'], tried), '']
      : ['']),
  ];
}
