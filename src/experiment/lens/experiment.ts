/** The logit lens as an experiment: from its options to its model, its run and its words. */
import { createCorrector } from '../../align/corrector.js';
import type { OptionValues } from '../../shape/options.js';
import { figureWithin, Table } from '../../text/table.js';
import { causalProblems } from '../causal/problems.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { stimulusTokens } from '../shared/reading/stimulusTokens.js';
import { phased } from '../shared/stages.js';
import { readProblems } from '../sweep/problems.js';
import type { options } from './flags.js';
import { lensKind } from './page.js';
import { runLens } from './run.js';
import { lensRecord, type LensRecord, type LensSummary } from './shape.js';
import { beginningsOf } from '../causal/cases.js';

type Given = OptionValues<typeof options> & { seed: number };

export const lensExperiment: Experiment<Given, LensRecord> = {
  record: lensRecord,
  summaries: [lensKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<LensRecord>> {
  const file = await lab.data(given.problems);
  const problems = causalProblems(await readProblems(file, given.limit, lab));
  const model = await lab.load(given.model, { copies: true });
  return {
    models: { model },
    files: { problems: file },
    async *run({ records }) {
      const summary = yield* runLens({
        model: model.name,
        corrector: createCorrector({ model }),
        decoder: model.decoder,
        prompt: stimulusTokens(model),
        ...beginningsOf(model),
        ...{ problems, seed: given.seed },
        done: records,
        onProgress: phased(lab.stages, {
          cases: 'finding copies and corrections',
          lens: 'logit lens',
        }),
        store: lab.store,
        signal: lab.signal,
      });
      return { summaries: { lens: summary }, lines: describe(summary), warnings: summary.warnings };
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

function describe({ model, perLayer, settling, data }: LensSummary): Outcome['lines'] {
  const rows = perLayer.map(({ layer, correct, copy }) => [
    String(layer),
    ...[correct, copy].flatMap(({ settled, probability }) => [
      figureWithin(settled.mean, settled.ci),
      figureWithin(probability.mean, probability.ci),
    ]),
  ]);
  const { correct, copy } = settling;
  const head = [
    'layer',
    ...[`corrections agree, n = ${correct.n}`, 'probability'],
    ...[`copies agree, n = ${copy.n}`, 'probability'],
  ];
  const settles = (['correct', 'copy'] as const).map((label) => {
    const { n, mean, meanCi } = settling[label];
    return `${label.padEnd(10)} settled at layer ${figureWithin(mean, meanCi)} on average, ${n} cases`;
  });
  return [
    `Logit lens of ${model}: ${data.correct} corrections and ${data.copy} copies`,
    ...['', new Table(head, rows), ''],
    'agree      share whose first choice at this layer is the model’s own; settled: from there on',
    ...settles,
    `left out   ${data.lateCorrections} corrections that begin as y1 does`,
  ];
}
