/** What models are read and tested on: sentences, or whole answers for an Aligner; labelled once. */
import { join } from 'node:path';
import { createCorrector } from '../../align/corrector.js';
import { createLocalUpstream } from '../../align/upstream.js';
import { knownProblem } from '../../data/problems.js';
import type { RecordedSentence } from '../../data/types.js';
import {
  loopSentences,
  ownQuadruples,
  recordOwn,
  wholeAnswers,
  type OwnOptions,
  type OwnRecord,
} from '../../experiment/shared/ownSentences.js';
import { whoIs } from '../../experiment/shared/identities.js';
import type { Part } from '../plan.js';
import {
  answeredId,
  recordAnswers,
  type AnsweredProblem,
} from '../../experiment/shared/wholeAnswers.js';
import type { LanguageModel } from '../../runtime/decoder.js';
import { isGiven, type CorrectionStimulus } from '../../read/stimuli.js';
import { loadKnown } from './load.js';
import type { Stages } from '../../experiment/shared/stages.js';
import { hasSentence } from '../../text/copied.js';
import type { Split } from '../data.js';
import { configurationOf, madeOnce, recordRun, type Setting } from '../setting.js';

/** Sentences of a split, for one part's model. */
export type Sentences = Readonly<Record<Split, readonly RecordedSentence[]>>;

/** @param of.model the part's, loaded */
export async function sentencesOf(
  part: Part,
  given: { model: LanguageModel; stages: Stages },
  setting: Setting,
): Promise<Sentences> {
  const { recorded } = setting.data;
  if (part.role === 'aligner') return await alignerAnswers(setting, given.stages);
  if (recorded) return { validation: recorded('validation'), test: recorded('test') };
  return await loopOf(given, setting);
}

/** Stimuli that the scan of the same model labelled; null where it was not run. */
export function labelledBefore({ model }: Part, { results }: Setting): CorrectionStimulus[] | null {
  const scan = results.find('scan', model);
  if (!scan) return null;
  return scan.records.flatMap((record) =>
    record.kind === 'stimulus' && !isGiven(record) ? [record] : [],
  );
}

/** Most problems of the test split that any part needs. */
function tested({ sizes: { lens, sweep, causal } }: Setting): number {
  return Math.max(lens.problems, sweep.problems, causal.pool);
}

/** The upstream's whole answers, recorded once for all Aligners. */
async function alignerAnswers(setting: Setting, stages: Stages): Promise<Sentences> {
  const { data, sizes } = setting;
  const { recorded } = data;
  const counts = { validation: sizes.scan.answers, test: tested(setting) };
  if (!recorded) {
    const ask = (upstream: LanguageModel): OwnOptions['ask'] =>
      wholeAnswers({ upstream: createLocalUpstream({ model: upstream }) });
    return await ownOf(
      { name: 'answers', models: [], ask, asks: { what: 'answers' }, counts, stages },
      setting,
    );
  }
  const some = (split: Split): AnsweredProblem[] =>
    answeredProblems(recorded(split)).slice(0, counts[split]);
  const problems = { validation: some('validation'), test: some('test') };
  const made = await inOneFolder<RecordedSentence>(
    {
      ...{ name: 'answers', models: [], counts },
      make: (upstream, done) =>
        recordAnswers({
          upstream: createLocalUpstream({ model: upstream }),
          problems: [...problems.validation, ...problems.test],
          done,
          store: setting.host.store,
          onProgress: stages("recording the upstream's whole answers"),
          signal: setting.host.signal,
        }),
      complete: (done) => done.length === problems.validation.length + problems.test.length,
    },
    setting,
  );
  return splitBy(made, new Set(problems.test.map(answeredId)));
}

/** Each problem once: by its id where it is a generated one. */
function answeredProblems(recorded: readonly RecordedSentence[]): AnsweredProblem[] {
  const problems = new Map<string, AnsweredProblem>();
  for (const { problem: id, question } of recorded) {
    if (!problems.has(id)) problems.set(id, knownProblem({ id, question })?.id ?? { id, question });
  }
  return [...problems.values()];
}

/** The upstream's sentences in the corrector's own loop, on a data set's questions. */
async function loopOf(
  { model, stages }: { model: LanguageModel; stages: Stages },
  setting: Setting,
): Promise<Sentences> {
  const { scan, rounds } = setting.sizes;
  const corrector = createCorrector({ model });
  const maxRounds = 2 * rounds.rounds;
  const ask = (upstream: LanguageModel): OwnOptions['ask'] =>
    loopSentences({ upstream: createLocalUpstream({ model: upstream }), corrector, maxRounds });
  const asks = { what: 'loop', corrector: whoIs(corrector), maxRounds };
  const counts = { validation: scan.questions, test: tested(setting) };
  return await ownOf(
    { name: `sentences-${model.name}`, models: [model.name], ask, asks, counts, stages },
    setting,
  );
}

interface Own {
  /** Of the folder. */
  name: string;
  /** Beside the upstream. */
  models: readonly string[];
  counts: Readonly<Record<Split, number>>;
}

async function ownOf(
  given: Own & {
    ask: (upstream: LanguageModel) => OwnOptions['ask'];
    /** What that is, beside the upstream. */
    asks: Readonly<Record<string, unknown>>;
    stages: Stages;
  },
  setting: Setting,
): Promise<Sentences> {
  const { questions: all } = setting.data;
  const test = all.test.slice(0, given.counts.test);
  const questions = [...all.validation.slice(0, given.counts.validation), ...test];
  const made = await inOneFolder<OwnRecord>(
    {
      ...given,
      make: (upstream, done) =>
        recordOwn({
          questions,
          ask: given.ask(upstream),
          done,
          store: setting.host.store,
          asks: { ...given.asks, upstream: whoIs(upstream) },
          onProgress: given.stages(`recording ${given.name}`),
          signal: setting.host.signal,
        }),
      complete: (done) => done.length === questions.length,
    },
    setting,
  );
  return splitBy(ownQuadruples(made), new Set(test.map(({ id }) => id)));
}

function splitBy(quadruples: readonly RecordedSentence[], test: ReadonlySet<string>): Sentences {
  const usable = quadruples.filter(({ last }) => hasSentence(last));
  return {
    validation: usable.filter(({ problem }) => !test.has(problem)),
    test: usable.filter(({ problem }) => test.has(problem)),
  };
}

interface Made<R> {
  make: (upstream: LanguageModel, done: readonly R[]) => AsyncGenerator<R, void>;
  complete: (done: readonly R[]) => boolean;
}

/**
 * Records made by the upstream in a run folder of their own; it is loaded where any is missing. Parts
 * that run side by side wait for the same ones.
 */
async function inOneFolder<R>(given: Own & Made<R>, setting: Setting): Promise<R[]> {
  const records = await madeOnce(setting.made, given.name, () => openOrMake(given, setting));
  // The name says what the records are.
  return records as R[];
}

async function openOrMake<R>(given: Own & Made<R>, setting: Setting): Promise<R[]> {
  const configuration = configurationOf(
    {
      command: `reproduce ${given.name}`,
      options: { ...given.counts },
      models: [setting.models.upstream, ...given.models],
    },
    setting,
  );
  const folder = join(setting.folder, given.name);
  const { records } = await recordRun<R, void>(
    { folder, configuration, setting },
    async function* (run) {
      if (given.complete(run.records)) return;
      await using upstream = await loadKnown(setting.models.upstream, setting);
      yield* given.make(upstream, run.records);
    },
    () => Promise.resolve(),
  );
  return records;
}
