/** Correction rounds as an experiment: from its options to its models, its run and its words. */
import type { OptionValues } from '../../shape/options.js';
import { figureWithin, percentWithin, Table } from '../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { judgedLines } from '../shared/judgedFigure.js';
import { judgeModels, openJudges, openScorers } from '../shared/judgedOptions.js';
import { opening } from '../shared/opening.js';
import { commandQuestions } from '../shared/questions.js';
import type { NamedCorrector } from './batch.js';
import type { options } from './flags.js';
import { roundsKind } from './page.js';
import { runJudgedRounds } from './judged.js';
import { roundsLine, type RoundsLine, type RoundsSummary } from './shape.js';

type Given = OptionValues<typeof options> & { seed: number };

export const roundsExperiment: Experiment<Given, RoundsLine> = {
  record: roundsLine,
  summaries: [roundsKind],
  open,
};

/** For batches that run side by side. */
const copies = { copies: true };

async function open(given: Given, lab: Lab): Promise<OpenExperiment<RoundsLine>> {
  const { files, questions, sentences, ...right } = await commandQuestions(given, lab);
  return await opening(async (keep) => {
    const upstream = keep(await lab.upstream(given.upstream, copies));
    const correctors: NamedCorrector[] = [];
    for (const name of given.correctors) {
      const corrector = keep(await lab.corrector(name, copies));
      correctors.push({ name: corrector.name, corrector });
    }
    const numbered = correctors.map(({ corrector }, i) => [`correctors ${i}`, corrector] as const);
    const judges = await openJudges(given, keep, lab);
    const named = await openScorers(given, keep, lab);
    const scorers = [...right.scorers, ...named.scorers];
    return {
      models: {
        upstream,
        ...Object.fromEntries(numbered),
        ...judgeModels(judges),
        ...named.models,
      },
      files,
      async *run({ records }) {
        const summary = yield* runJudgedRounds({
          ...{ upstream, correctors, questions, scorers, sentences, judges },
          ...{ seed: given.seed, rounds: given.rounds, atOnce: 2 },
          limits: { maxRounds: given.maxRounds },
          done: records,
          stages: lab.stages,
          store: lab.store,
          last: judges.length === 0,
          signal: lab.signal,
        });
        return {
          summaries: { rounds: summary },
          lines: [...describe(summary), ...judgedLines(summary.judged)],
          ...(summary.warnings && { warnings: summary.warnings }),
        };
      },
    };
  });
}

function describe({ upstream, correctors }: RoundsSummary): Outcome['lines'] {
  return correctors.flatMap(({ name, classic, continued }) => {
    const rows = continued.upstream.map((point, i) => {
      const alone = continued.corrector[i];
      return [
        String(point.k),
        String(point.n),
        percentWithin(point.accuracy, point.ci),
        figureWithin(point.gain.mean, point.gain.ci),
        percentWithin(alone?.accuracy, alone?.ci, alone?.n),
      ];
    });
    const whole = percentWithin(classic.accuracy, classic.ci);
    const gain = figureWithin(classic.gain.mean, classic.gain.ci);
    const head = ['rounds', 'n', 'then the upstream', 'gain', 'then the corrector'];
    return [
      `${name}: ${classic.n} questions, upstream ${upstream}`,
      ...['', new Table(head, [...rows, ['to the end', String(classic.n), whole, gain, '']]), ''],
    ];
  });
}
