/** The evaluation as an experiment: from its options to its models, its run and its words. */
import type { Corrector } from '../../../align/corrector.js';
import { requireModel } from '../../../align/readable.js';
import { stimuliFiles } from '../../../data/artifacts.js';
import { knownProblem } from '../../../data/problems.js';
import { readAnnotatedQuadruples } from '../../../data/questionRows.js';
import type { Question, RecordedSentence } from '../../../data/types.js';
import { sentencesWhereKnown } from '../../../judge/judgesFor.js';
import { createRandom } from '../../../math/random.js';
import type { OptionValues } from '../../../shape/options.js';
import { UsageError } from '../../../text/usageError.js';
import type { Experiment, OpenExperiment, Outcome } from '../../shared/experiment.js';
import type { Lab } from '../../shared/lab.js';
import type { Judge } from '../../../judge/judge.js';
import { judgedLines } from '../../shared/judgedFigure.js';
import { judgeModels, openJudges, openScorers } from '../../shared/judgedOptions.js';
import {
  judgeAnswers,
  judgedWarnings,
  summariseJudged,
  type JudgedAnswer,
} from '../../shared/judging.js';
import { opening, type Keep } from '../../shared/opening.js';
import { commandQuestions, type OpenedQuestions } from '../../shared/questions.js';
import { directionFiles, findKnob, placeOfDirection } from '../../shared/reading/findSteering.js';
import { describeSampling } from '../../shared/sampling.js';
import { phased } from '../../shared/stages.js';
import { lengthWarnings } from '../../shared/lengthWarnings.js';
import { endWarnings, withWarnings } from '../refused.js';
import {
  evaluationRecord,
  type AnswerRecord,
  type CorrectionRecord,
  type EvaluationRecord,
} from '../shape.js';
import { summariseCorrector } from './correctorSummary.js';
import type { options } from './flags.js';
import { systemKinds } from './kinds.js';
import { correctorKind, evaluateKind } from './page.js';
import { runEvaluation, type EvaluationOptions } from './run.js';
import type { CorrectorSummary } from './shape.js';
import { summariseEvaluate } from './summary.js';
import { rateTable, systemTable } from './tables.js';
import { revisionWarnings } from '../../shared/revisions.js';

type Given = OptionValues<typeof options> & { seed: number };

export const evaluateExperiment: Experiment<Given, EvaluationRecord> = {
  record: evaluationRecord,
  summaries: [evaluateKind, correctorKind],
  open,
};

type Models = Pick<
  EvaluationOptions,
  'systems' | 'upstream' | 'corrector' | 'aligner' | 'proxy' | 'pushes'
>;

async function open(given: Given, lab: Lab): Promise<OpenExperiment<EvaluationRecord>> {
  const questions = await commandQuestions(given, lab);
  const quadruples = await lab.data(given.quadruples);
  const all = await readAnnotatedQuadruples(quadruples, lab);
  const recorded = all.slice(0, given.limit);
  const systems = given.systems ?? systemKinds.filter((kind) => kind !== 'proxy' || given.expert);
  return await opening(async (keep) => {
    const models = await openModels({ ...given, systems }, keep, lab);
    const { upstream, corrector, aligner, proxy } = models;
    const steered = await openPushes(given, corrector, lab);
    const judges = await openJudges(given, keep, lab);
    const named = await openScorers(given, keep, lab);
    const scored = { ...questions, scorers: [...questions.scorers, ...named.scorers] };
    return {
      models: {
        ...{ upstream, corrector },
        ...(aligner && { aligner }),
        ...(proxy && { proxied: proxy.upstream }),
        ...judgeModels(judges),
        ...named.models,
      },
      files: { ...questions.files, quadruples, ...steered.files },
      run: ({ records }) =>
        run({
          ...{
            ...models,
            pushes: steered.pushes,
            questions: scored,
            lab,
            seed: given.seed,
            done: records,
          },
          ...{ recorded, judges, maxRounds: given.rounds, drawn: describeSampling(given) },
        }),
    };
  });
}

function sentenceWarnings(
  { model, n, context }: CorrectorSummary,
  records: readonly CorrectionRecord[],
): string[] {
  const cut = records.filter(({ finish }) => finish === 'length').length;
  const running = lengthWarnings(`corrections of ${model}`, cut, records.length);
  if (context === undefined) return running;
  const tooLong = `context: ${model} had no positions for ${context} of ${n + context} recorded sentences, which are left out`;
  return [tooLong, ...running];
}

async function openModels(
  given: Given & Pick<EvaluationOptions, 'systems'>,
  keep: Keep,
  lab: Lab,
): Promise<Models> {
  const { systems } = given;
  return {
    systems,
    upstream: keep(await lab.upstream(given.upstream)),
    corrector: keep(await lab.corrector(given.corrector)),
    aligner: systems.includes('aligner') ? keep(await lab.aligner(given.aligner)) : undefined,
    proxy: systems.includes('proxy') ? await openProxy(given, keep, lab) : undefined,
  };
}

/** What steers the loop; nothing without a coefficient. */
async function openPushes(
  { coefficient: coefficients, direction, seed }: Given,
  corrector: Corrector,
  lab: Lab,
): Promise<Pick<Models, 'pushes'> & { files: Record<string, string> }> {
  if (!coefficients) {
    if (direction === undefined) return { files: {} };
    throw new UsageError('evaluate --direction: nothing to steer by; give --coefficient');
  }
  const model = requireModel(corrector, 'evaluate --coefficient');
  const asked = { direction, stimuli: stimuliFiles.validation, method: 'pca' as const, seed };
  const place = await placeOfDirection(model, asked, lab);
  const { knob } = await findKnob(model, { ...asked, place }, lab);
  return { pushes: { knob, coefficients }, files: directionFiles(place) };
}

/** The upstream, tuned by two small models. */
async function openProxy(
  { upstream, alpha, ...names }: Given,
  keep: Keep,
  lab: Lab,
): Promise<Models['proxy']> {
  if (names.expert === undefined || names.antiExpert === undefined) {
    throw new UsageError('evaluate: the system proxy needs --expert and --anti-expert');
  }
  const expert = await lab.find(names.expert);
  const antiExpert = await lab.find(names.antiExpert);
  const tuned = keep(await lab.upstream(upstream, { proxy: { expert, antiExpert, alpha } }));
  return { upstream: tuned, expert: expert.name };
}

/** Generated problems by their ids. */
function knownBy(quadruples: readonly RecordedSentence[]): (id: string) => Question | undefined {
  const known = new Map<string, Question>();
  for (const { problem: id, question } of quadruples) {
    const problem = known.has(id) ? null : knownProblem({ id, question });
    if (problem) known.set(id, problem);
  }
  return (id) => known.get(id);
}

/** Every system's answers beside those of the upstream alone; what was refused is not judged. */
function judgedAnswers(
  answered: readonly AnswerRecord[],
  questions: readonly Question[],
): JudgedAnswer[] {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const own = answered.filter(({ system }) => system === 'upstream');
  const alone = new Map(own.map(({ problem, answer }) => [problem, answer]));
  return answered.flatMap(({ system, problem, answer }): JudgedAnswer[] => {
    const question = byId.get(problem);
    const upstream = alone.get(problem) ?? '';
    if (!question || system === 'upstream' || answer === '' || upstream === '') return [];
    return [{ system, rounds: null, question, answer, upstream }];
  });
}

async function* run({
  questions: { name, questions, scorers, sentences },
  recorded: quadruples,
  ...given
}: Models & {
  questions: OpenedQuestions;
  recorded: readonly RecordedSentence[];
  lab: Lab;
  seed: number;
  done: readonly EvaluationRecord[];
  judges: readonly Judge[];
  maxRounds: number;
  /** How the upstream draws, in words. */
  drawn: string;
}): AsyncGenerator<EvaluationRecord, Outcome> {
  const { lab, seed, corrector } = given;
  const records = yield* runEvaluation({
    ...given,
    ...{ questions, scorers, sentences },
    recorded: { quadruples, sentences: sentencesWhereKnown(), questionOf: knownBy(quadruples) },
    onProgress: phased(lab.stages, {
      ...{ answers: 'answering', timing: 'timing', sentences: 'correcting' },
    }),
    ...(lab.helps && { timed: 0 }),
    store: lab.store,
    signal: lab.signal,
  });
  const random = createRandom(seed).fork('evaluate');
  const answers = records.filter((record) => record.kind === 'answer' || record.kind === 'timing');
  const answered = answers.filter((record) => record.kind === 'answer');
  const corrections = records.filter((record) => record.kind === 'correction');
  const judged = yield* judgeAnswers({
    judges: given.judges,
    answers: judgedAnswers(answered, questions),
    done: given.done.filter((record) => record.kind === 'judged'),
    onProgress: lab.stages('judging'),
    store: lab.store,
    signal: lab.signal,
  });
  const compared = summariseJudged(judged, random.fork('judged'));
  const evaluated = withWarnings(
    { ...summariseEvaluate({ records: answers, scorers, random }), ...compared },
    [...endWarnings(answered), ...judgedWarnings(compared.judged)],
  );
  const summarised = summariseCorrector({ model: corrector.name, records: corrections });
  const rates = withWarnings(summarised, sentenceWarnings(summarised, corrections));
  return {
    summaries: { evaluate: evaluated, corrector: rates },
    warnings: [
      ...(evaluated.warnings ?? []),
      ...(rates.warnings ?? []),
      ...revisionWarnings(answered, corrections),
    ],
    lines: [
      `${questions.length} questions of ${name}, ${given.drawn}`,
      ...['', systemTable(evaluated), ''],
      ...judgedLines(evaluated.judged),
      `${quadruples.length} recorded sentences, ${rates.model}`,
      ...['', rateTable(rates), ''],
    ],
  };
}
