/** The causal test as an experiment: from its options to its model, its run and its words. */
import { createCorrector } from '../../align/corrector.js';
import type { DataPlace } from '../../data/files/place.js';
import { absentLayers } from '../../read/directions.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { defaultPositions } from '../../runtime/steering.js';
import type { OptionValues } from '../../shape/options.js';
import { figureWithin, percentWithin, Table } from '../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { checkStimuliFile } from '../shared/reading/checkStimuliFile.js';
import { opening } from '../shared/opening.js';
import type { DirectionPlace } from '../../read/files/steeringFile.js';
import {
  directionFiles,
  noteSteering,
  placeOfDirection,
  steeringBasis,
} from '../shared/reading/findSteering.js';
import { describeKnob } from '../shared/steeringKnob.js';
import { phased } from '../shared/stages.js';
import { stimulusTokens } from '../shared/reading/stimulusTokens.js';
import { readProblems } from '../sweep/problems.js';
import type { options } from './flags.js';
import type { CausalOptions } from './options.js';
import { causalKind } from './page.js';
import { causalProblems, type CausalProblem } from './problems.js';
import { runCausal } from './run.js';
import { causalRecord, type CausalRecord, type CausalSummary, type Evidence } from './shape.js';
import { beginningsOf } from './cases.js';

type Given = OptionValues<typeof options> & { seed: number };

export const causalExperiment: Experiment<Given, CausalRecord> = {
  record: causalRecord,
  summaries: [causalKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<CausalRecord>> {
  const { stimuli } = await checkStimuliFile(given, lab);
  const data = {
    problems: await lab.data(given.problems),
    validation: await lab.data(given.validation),
  };
  const read = async (place: DataPlace): Promise<CausalProblem[]> =>
    causalProblems(await readProblems(place, given.pool, lab));
  const problems = { validation: await read(data.validation), test: await read(data.problems) };
  return await opening(async (keep) => {
    const model = keep(await lab.load(given.model, { copies: true }));
    const place = await placeOfDirection(model, given, lab);
    return {
      models: { model },
      files: {
        ...{ stimuli, ...data },
        ...directionFiles(place),
      },
      async *run({ folder, records }) {
        const options = await prepare(given, { model, place }, { ...lab, folder });
        const summary = yield* runCausal({ ...options, problems, done: records });
        return {
          summaries: { causal: summary },
          lines: describe(summary),
          warnings: summary.warnings,
        };
      },
    };
  });
}

async function prepare(
  given: Given,
  { model, place }: { model: LanguageModel; place: DirectionPlace | null },
  lab: Lab & { folder: string },
): Promise<Omit<CausalOptions, 'problems'>> {
  const { seed } = given;
  const { basis } = await steeringBasis(model, { ...given, limit: undefined, place }, lab);
  const { directions, meanNorms } = basis;
  const saved = place?.steering?.saved;
  const scale = given.scale ?? saved?.scale ?? 1;
  const positions = given.positions ?? saved?.positions ?? defaultPositions;
  const absent = absentLayers(directions);
  const all = [...meanNorms.keys()].filter((layer) => !absent.includes(layer));
  const layers = given.layers ?? all;
  const unitValue = layers.map((layer) => scale * (meanNorms[layer] ?? NaN));
  const added = describeKnob({ layers, unitValue, scale, positions });
  noteSteering(`one layer at a time, ${added}`, place, lab);
  return {
    model: model.name,
    corrector: createCorrector({ model }),
    decoder: model.decoder,
    prompt: stimulusTokens(model),
    ...beginningsOf(model),
    ...{ directions, meanNorms },
    ...{ accuracy: basis.accuracy, heldOutN: basis.heldOutN },
    metric: given.metric,
    ...{ layers, scale, seed, coefficients: given.coefficients, positions },
    ...{ limit: given.limit, pairs: given.pairs, controls: { random: given.controls } },
    onProgress: phased(lab.stages, {
      cases: 'finding copies and corrections',
      edits: 'steering and ablating, one layer at a time',
      controls: 'steering along random directions',
      patches: 'patching hidden states',
    }),
    store: lab.store,
    signal: lab.signal,
  };
}

const roleText = { prepares: 'prepares', decides: 'decides', carriesOut: 'carries out' } as const;

function describe(summary: CausalSummary): Outcome['lines'] {
  const { parts, evidence, scan, patching, ablation, heldOutN } = summary;
  const rows = scan.map(({ layer, heldOutAccuracy }, i) => [
    String(layer),
    describePart(parts[i]),
    ...evidence.map(({ perLayer }) => figureWithin(perLayer[i]?.mean, perLayer[i]?.ci)),
    percentWithin(heldOutAccuracy, null, heldOutN),
  ]);
  const head = ['layer', 'part', ...evidence.map(({ measure }) => measure), 'held-out'];
  return [
    `Causal test of ${summary.model}, one layer at a time: ${ablation.n} problems, ${patching[0]?.n ?? 0} pairs`,
    '',
    new Table(head, rows),
    '',
    ...evidence.map(describeEvidence),
    ...(summary.bestLayer === null
      ? []
      : [`scan       best held-out accuracy at layer ${summary.bestLayer}`]),
  ];
}

function describePart(part: CausalSummary['parts'][number] | undefined): string {
  return part ? roleText[part.role] + (part.confirmed ? '' : ' (not on test)') : '–';
}

function describeEvidence(weighed: Evidence): string {
  const lead =
    weighed.lead === null ? '' : `, on test ahead by ${figureWithin(weighed.lead, weighed.leadCi)}`;
  const rank = figureWithin(weighed.rankCorrelation, weighed.rankCorrelationCi);
  return `${weighed.measure.padEnd(10)} ${weighed.what}; largest on validation at layer ${weighed.largest}${lead}; rank correlation with the scan ${rank}`;
}
