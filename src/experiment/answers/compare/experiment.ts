/** The comparison as an experiment: from its options to its models, its run and its words. */
import type { OptionValues } from '../../../shape/options.js';
import { figure, figureWithin, percentWithin, Table } from '../../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../../shared/experiment.js';
import type { Lab } from '../../shared/lab.js';
import { openScorers } from '../../shared/judgedOptions.js';
import { opening } from '../../shared/opening.js';
import { commandQuestions } from '../../shared/questions.js';
import { phased } from '../../shared/stages.js';
import { compareRecord, type CompareRecord } from '../shape.js';
import { bestOfName } from '../bestOf.js';
import type { options } from './flags.js';
import { openCompared } from './models.js';
import { compareKind } from './page.js';
import { runCompare } from './run.js';
import type { CompareSummary } from './shape.js';
import { noteWarnings, sumNotes } from '../../../text/notes.js';

type Given = OptionValues<typeof options> & { seed: number };

export const compareExperiment: Experiment<Given, CompareRecord> = {
  record: compareRecord,
  summaries: [compareKind],
  open,
};

async function open(given: Given, lab: Lab): Promise<OpenExperiment<CompareRecord>> {
  const { files, questions, sentences, ...right } = await commandQuestions(given, lab);
  return await opening(async (keep) => {
    const { compared, models } = await openCompared(given, keep, lab);
    const named = await openScorers(given, keep, lab);
    const scorers = [...right.scorers, ...named.scorers];
    return {
      models: { ...models, ...named.models },
      files,
      async *run({ records }) {
        const summary = yield* runCompare({
          ...compared,
          ...{ questions, scorers, sentences, seed: given.seed },
          timed: lab.helps ? 0 : given.timed,
          limits: { maxRounds: given.rounds },
          atOnce: 2,
          done: records,
          onProgress: phased(lab.stages, {
            answers: 'answering with every system',
            timing: 'timing',
          }),
          store: lab.store,
          signal: lab.signal,
        });
        const warnings = [
          ...(summary.warnings ?? []),
          ...noteWarnings(sumNotes(summary.systems.map(({ notes }) => notes))),
        ];
        return { summaries: { compare: summary }, lines: describe(summary), warnings };
      },
    };
  });
}

function describe({ upstream, systems, bestOf, differences }: CompareSummary): Outcome['lines'] {
  const voted = bestOf.map((vote) => ({ ...vote, name: bestOfName(vote.samples) }));
  const rows = [...systems, ...voted].map(({ name, n, accuracy, ci, timing }) => [
    name,
    String(n),
    percentWithin(accuracy, ci),
    figure(timing.perProblem.value),
    figure(timing.perToken.value),
    figure(timing.firstText.value),
  ]);
  const head = ['system', 'n', 'right', 'ms/question', 'ms/token', 'first text ms'];
  const against = differences.map(({ stream, over, estimate, ci }) => [
    ...[stream, over, figureWithin(estimate, ci)],
  ]);
  return [
    `${systems[0]?.n ?? 0} questions, upstream ${upstream}`,
    ...['', new Table(head, rows), ''],
    ...(against.length > 0 ? [new Table(['loop', 'over', 'difference'], against), ''] : []),
  ];
}
