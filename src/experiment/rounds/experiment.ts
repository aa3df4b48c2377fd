/** Correction rounds as an experiment: from its options to its models, its run and its words. */
import type { OptionValues } from '../../shape/options.js';
import { figureWithin, percentWithin, Table } from '../../text/table.js';
import type { Experiment, OpenExperiment, Outcome } from '../shared/experiment.js';
import type { Lab } from '../shared/lab.js';
import { noteWarnings, sumNotes } from '../../text/notes.js';
import { createRandom } from '../../math/random.js';
import type { Question } from '../../data/types.js';
import { withWarnings } from '../answers/refused.js';
import { judgedLines } from '../shared/judgedFigure.js';
import { judgeModels, openJudges } from '../shared/judgedOptions.js';
import {
  judgeAnswers,
  judgedWarnings,
  summariseJudged,
  type JudgedAnswer,
} from '../shared/judging.js';
import { opening } from '../shared/opening.js';
import { commandQuestions } from '../shared/questions.js';
import type { NamedCorrector } from './batch.js';
import type { options } from './flags.js';
import { roundsKind } from './page.js';
import { runRounds } from './run.js';
import { roundsLine, type RoundsLine, type RoundsRecord, type RoundsSummary } from './shape.js';

type Given = OptionValues<typeof options> & { seed: number };

export const roundsExperiment: Experiment<Given, RoundsLine> = {
  record: roundsLine,
  summaries: [roundsKind],
  open,
};

/** For batches that run side by side. */
const copies = { copies: true };

async function open(given: Given, lab: Lab): Promise<OpenExperiment<RoundsLine>> {
  const { files, questions, scorers, sentences } = await commandQuestions(given, lab);
  return await opening(async (keep) => {
    const upstream = keep(await lab.upstream(given.upstream, copies));
    const correctors: NamedCorrector[] = [];
    for (const name of given.correctors) {
      const corrector = keep(await lab.corrector(name, copies));
      correctors.push({ name: corrector.name, corrector });
    }
    const numbered = correctors.map(({ corrector }, i) => [`correctors ${i}`, corrector] as const);
    const judges = await openJudges(given, keep, lab);
    return {
      models: { upstream, ...Object.fromEntries(numbered), ...judgeModels(judges) },
      files,
      async *run({ records }) {
        const made = records.flatMap((record) => ('kind' in record ? [] : [record]));
        const rounds = runRounds({
          ...{ upstream, correctors, questions, scorers, sentences },
          ...{ seed: given.seed, rounds: given.rounds, atOnce: 2 },
          limits: { maxRounds: given.maxRounds },
          done: [...made],
          onProgress: lab.stages('correcting for 0, 1, 2, … rounds'),
          store: lab.store,
          signal: lab.signal,
        });
        const answered = yield* collected(rounds, made);
        const judged = yield* judgeAnswers({
          judges,
          answers: judgedAnswers(made, questions),
          done: records.flatMap((record) => ('kind' in record ? [record] : [])),
          onProgress: lab.stages('judging'),
          store: lab.store,
          signal: lab.signal,
        });
        const random = createRandom(given.seed).fork('judged');
        const summary = { ...answered, ...summariseJudged(judged, random) };
        const warnings = [
          ...(summary.warnings ?? []),
          ...judgedWarnings(summary.judged),
          ...noteWarnings(sumNotes(summary.correctors.map(({ notes }) => notes))),
        ];
        return {
          summaries: { rounds: withWarnings(summary, warnings) },
          lines: [...describe(summary), ...judgedLines(summary.judged)],
          warnings,
        };
      },
    };
  });
}

/** Passes records on, and keeps them. */
async function* collected<R, T>(from: AsyncGenerator<R, T>, into: R[]): AsyncGenerator<R, T> {
  for (;;) {
    const next = await from.next();
    if (next.done) return next.value;
    into.push(next.value);
    yield next.value;
  }
}

/** After every number of rounds and to the end, beside the upstream alone; what was refused is not judged. */
function judgedAnswers(
  records: readonly RoundsRecord[],
  questions: readonly Question[],
): JudgedAnswer[] {
  const byId = new Map(questions.map((question) => [question.id, question]));
  return records.flatMap(({ corrector: system, problem, classic, continued }) => {
    const question = byId.get(problem);
    const alone = continued.upstream[0]?.text ?? '';
    if (!question || alone === '') return [];
    const about = { system, question, upstream: alone };
    const after = continued.upstream.map(({ text }, k) => ({ ...about, rounds: k, answer: text }));
    return [...after.slice(1), { ...about, rounds: null, answer: classic.text }].filter(
      ({ answer }) => answer !== '',
    );
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
