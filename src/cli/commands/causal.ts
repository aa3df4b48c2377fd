/** `aligner-lab causal`: the layers tested one at a time, by steering, ablation and patching. */
import { z } from 'zod';
import { createCorrector } from '../../align/corrector.js';
import { readAnnotatedQuadruples } from '../../data/jsonl.js';
import { runCausal } from '../../experiment/causal/run.js';
import { causalProblems } from '../../experiment/causal/cases.js';
import { defaultCoefficients, type CausalOptions } from '../../experiment/causal/options.js';
import type { CausalRecord, CausalSummary, Evidence } from '../../experiment/causal/types.js';
import { defaultPositions } from '../../experiment/shared/steeringUnit.js';
import { sweepProblems } from '../../experiment/sweep/problems.js';
import { causalPage } from '../../experiment/pages.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { stimuliFiles } from '../../data/artifacts.js';
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
  text,
  type OptionValues,
  wholeNumber,
} from '../../shape/options.js';
import { readModel, stagedProgress, warnAll } from '../reading.js';
import { openCommandRun, recordAll } from '../runFolder.js';
import { figureWithin, formatTable, percent } from '../table.js';

const options = {
  ...corrector,
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
    help: 'the same, on which layers are chosen and named',
    default: stimuliFiles.validation,
  }),
  limit: integer({
    value: 'n',
    help: 'problems that are steered and ablated; half as many for validation',
    default: 64,
  }),
  pairs: integer({ value: 'n', help: 'pairs of runs per kind of patch, at most', default: 32 }),
  pool: integer({
    value: 'n',
    help: 'problems that the corrector labels, from which pairs are made, in either file',
    default: 192,
  }),
  layers: list(
    { value: 'layers', help: 'tested layers, from 0, one at a time (default: all)' },
    wholeNumber(0),
  ),
  coefficients: list(
    {
      value: 'numbers',
      help: "in the layer's mean residual norms",
      default: [...defaultCoefficients],
    },
    z.number(),
  ),
  controls: integer({
    value: 'n',
    help: 'random directions steered beside the tested one, on 16 problems',
    default: 8,
    least: 0,
  }),
  positions: choice(['prompt', 'all', 'generated'], {
    help: 'steered and ablated positions',
    default: defaultPositions,
  }),
  ...seed,
  ...figureOptions,
  ...folder,
  ...engine,
  ...common,
} as const;

export const causal = defineCommand({
  name: 'causal',
  summary: 'which layers decide: steering, ablation and patching, one layer at a time',
  description: `A reading that tells the classes apart need not be what decides. So the same recorded sentences are
corrected under three edits, each at one layer at a time.

Steering adds the direction, in units of that layer's mean residual norm at the last prompt token, and
shows the change of the edit ratio against the unsteered model; random directions of the same norm,
orthogonal to the tested one, are steered beside it. Ablation removes the direction: change
of the edit ratio, copies that stay copies, corrections that stay corrections.

Patching puts the hidden state of a correcting run into a copying one, by layer and position, and shows
how far the first output token goes from the copy's to the correction's, 0 … 1; at the last prompt
token also the other way. Controls there: the state of another copy, which moves words but no decision,
and of donors of any length.

A rule in the code names each layer's part. A layer holds what the weaker way of that exchange moves at
the last prompt token: it decides where it holds 0.2 more than the layer before; another one carries
out where 0.5 was held before it, and prepares where less was. Parts and largest effects are found on
validation problems and tested on others, beside the accuracy that the scan has at every layer.

Written to the run folder: causal.json, causal.html, records.jsonl, manifest.json. An interrupted run
goes on where it stopped when the same command is run again.`,
  options,
  examples: [
    ['aligner-lab causal', 'the embedded corrector, all layers'],
    ['aligner-lab causal --limit 16 --pairs 8 --pool 64', 'a quick look'],
    [
      'aligner-lab causal --layers 7,8,9 --coefficients -1,-0.5,0.5,1',
      'three layers, pushed harder',
    ],
  ],
  async run({ options: given, context }) {
    const writeFigures = prepareFigures(given, context);
    await using model = await loadCopies(given.model, given, context);
    const files = {
      stimuli: context.path(given.stimuli),
      problems: context.path(given.problems),
      validation: context.path(given.validation),
      ...(given.direction && { direction: context.path(given.direction) }),
    };
    const of = { command: 'causal', options: given, models: { model }, files };
    await using run = await openCommandRun<CausalRecord>(of, context);
    if (run.records.length > 0) context.warn(`${run.records.length} records were there already`);
    const made = await prepare(given, model, context);
    const summary = await recordAll(run, runCausal({ ...made, done: run.records }));
    await run.writeSummary('causal', summary);
    const figures = await writeFigures(run.folder, { causal: causalPage(summary) });
    describe(summary).forEach((line) => context.show(line));
    figures.forEach((path) => context.show(`figure     ${path}`));
    warnAll(summary.warnings, context);
    context.result(summary);
  },
});

async function prepare(
  given: OptionValues<typeof options>,
  model: LanguageModel,
  context: Context,
): Promise<CausalOptions> {
  const { layers, pool } = given;
  const reading = await readModel(model, { ...given, limit: undefined }, context);
  const problems = (path: string) =>
    causalProblems(sweepProblems(readAnnotatedQuadruples(context.path(path)), pool));
  return {
    model: model.name,
    corrector: createCorrector({ model }),
    decoder: model.decoder,
    prompt: reading.prompt,
    decode: (token) => model.tokenizer.decode([token]),
    directions: reading.directions,
    meanNorms: reading.norms,
    accuracy: reading.health.perLayer.map(({ heldOutAccuracy }) => heldOutAccuracy),
    problems: { validation: problems(given.validation), test: problems(given.problems) },
    coefficients: given.coefficients,
    positions: given.positions,
    limit: given.limit,
    pairs: given.pairs,
    controls: { random: given.controls },
    seed: given.seed,
    ...(layers && { layers }),
    onProgress: stagedProgress(context, {
      cases: 'finding copies and corrections',
      edits: 'steering and ablating, one layer at a time',
      controls: 'steering along random directions',
      patches: 'patching hidden states',
    }),
    signal: context.signal,
  };
}

const roleText = { prepares: 'prepares', decides: 'decides', carriesOut: 'carries out' } as const;

function describe(summary: CausalSummary): string[] {
  const { parts, evidence, scan, patching, ablation } = summary;
  const rows = scan.map(({ layer, heldOutAccuracy }, i) => [
    String(layer),
    describePart(parts[i]),
    ...evidence.map(({ perLayer }) => figureWithin(perLayer[i]?.mean, perLayer[i]?.ci)),
    percent(heldOutAccuracy),
  ]);
  const head = ['layer', 'part', ...evidence.map(({ measure }) => measure), 'held-out'];
  return [
    `Causal test of ${summary.model}, one layer at a time: ${ablation.n} problems, ${patching[0]?.n ?? 0} pairs`,
    '',
    formatTable(head, rows),
    '',
    ...evidence.map(describeEvidence),
    `scan       best held-out accuracy at layer ${summary.bestLayer}`,
  ];
}

function describePart(part: CausalSummary['parts'][number] | undefined): string {
  return part ? roleText[part.role] + (part.confirmed ? '' : ' (not on test)') : '–';
}

function describeEvidence(of: Evidence): string {
  const lead = of.lead === null ? '' : `, ahead by ${figureWithin(of.lead, of.leadCi)}`;
  const rank = figureWithin(of.rankCorrelation, of.rankCorrelationCi);
  return `${of.measure.padEnd(10)} ${of.what}; largest at layer ${of.largest}${lead}; rank correlation with the scan ${rank}`;
}
