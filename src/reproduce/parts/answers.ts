/** The parts over answers: correction rounds, and systems compared. */
import { createAligner } from '../../align/aligner.js';
import { createCorrector } from '../../align/corrector.js';
import { createLocalUpstream, type Upstream } from '../../align/upstream.js';
import { runCompare, streamAnswers } from '../../experiment/answers/compare/run.js';
import type { ComparedModels } from '../../experiment/answers/compare/systems.js';
import type { CompareSummary } from '../../experiment/answers/compare/shape.js';
import { compareRecord, type CompareRecord } from '../../experiment/answers/shape.js';
import { labelsOf, type Part, type Tuning } from '../plan.js';
import { roundsOf, type PartResults } from '../results.js';
import { runJudgedRounds } from '../../experiment/rounds/judged.js';
import type { Judges } from '../../judge/judgesFor.js';
import { roundsLine, type RoundsLine, type RoundsSummary } from '../../experiment/rounds/shape.js';
import { atOnce, batchSize, LoadedModels } from './load.js';
import { modelOf, partConfiguration, partFolder, recordRun, type Setting } from '../setting.js';
import { proxyStrengths } from './strengths.js';
import { doublings } from '../../experiment/shared/sizes.js';
import { phased, type Stages } from '../../experiment/shared/stages.js';

export async function roundsPart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['rounds']> {
  const { models, data, sizes, seed, host } = setting;
  const place = {
    folder: partFolder(part, setting),
    configuration: partConfiguration(part, setting),
    setting,
    record: roundsLine,
  };
  return await recordRun<RoundsLine, RoundsSummary>(
    place,
    async function* (run) {
      await using loaded = new LoadedModels(setting);
      const upstream = createLocalUpstream({ model: await loaded.load(models.upstream) });
      const correctors = [];
      for (const { corrector: name } of models.sizes) {
        correctors.push({ name, corrector: createCorrector({ model: await loaded.load(name) }) });
      }
      return yield* runJudgedRounds({
        ...{ upstream, correctors, atOnce, seed, limits: data.limits },
        questions: data.questions.test.slice(0, sizes.rounds.problems),
        ...judgesOf(setting),
        batchSize: batchSize(sizes.rounds.problems),
        rounds: sizes.rounds.rounds,
        judges: setting.judges,
        judgedRounds: sizes.rounds.judged,
        done: run.records,
        stages,
        ...(host.store && { store: host.store }),
        ...(host.signal && { signal: host.signal }),
      });
    },
    (run, summary) => run.writeSummary('rounds', summary),
  );
}

export async function comparePart(
  part: Part,
  setting: Setting,
  stages: Stages,
): Promise<PartResults['compare']> {
  const { data, sizes, seed, host, results } = setting;
  const place = {
    folder: partFolder(part, setting),
    configuration: partConfiguration(part, setting),
    setting,
    record: compareRecord,
  };
  // The loops of the rounds are answers of these systems: they are not run again.
  const answered = streamAnswers(roundsOf(results)?.answers ?? []);
  return await recordRun<CompareRecord, CompareSummary>(
    place,
    async function* (run) {
      const strengths = await proxyStrengths(setting, stages);
      await using loaded = new LoadedModels(setting);
      return yield* runCompare({
        ...(await comparedModels(loaded, { setting, strengths })),
        bestOf: doublings(sizes.compare.samples),
        questions: data.questions.test.slice(0, sizes.compare.problems),
        batchSize: batchSize(sizes.compare.problems),
        ...judgesOf(setting),
        timed: host.helps ? 0 : sizes.compare.timed,
        store: host.store,
        ...{ answered, atOnce, seed, limits: data.limits },
        done: run.records,
        onProgress: phased(stages, { answers: 'answering with every system', timing: 'timing' }),
        signal: host.signal,
      });
    },
    (run, summary) => run.writeSummary('compare', summary),
  );
}

function judgesOf({ data: { scorer, sentences } }: Setting): Judges {
  return { scorers: [scorer], sentences: sentences ?? undefined };
}

async function comparedModels(
  loaded: LoadedModels,
  { setting, strengths }: { setting: Setting; strengths: ReadonlyMap<string, number> },
): Promise<ComparedModels> {
  const { upstream: name, sizes, tuned } = setting.models;
  const labels = labelsOf(setting.models);
  const model = await loaded.load(name);
  const correctors: ComparedModels['correctors'][number][] = [];
  const aligners: NonNullable<ComparedModels['aligners']>[number][] = [];
  const proxies: NonNullable<ComparedModels['proxies']>[number][] = [];
  for (const [i, { corrector, aligner, expert, antiExpert }] of sizes.entries()) {
    const sized = (small: string): { size: string; bytes: number } => ({
      size: labels[i] ?? small,
      bytes: modelOf(setting, small).bytes,
    });
    const small = await loaded.load(corrector);
    correctors.push({ ...sized(corrector), corrector: createCorrector({ model: small }) });
    if (aligner !== undefined) {
      const whole = createAligner({ model: await loaded.load(aligner) });
      aligners.push({ ...sized(aligner), aligner: whole });
    }
    if (expert !== undefined && antiExpert !== undefined) {
      const alpha = strengths.get(expert) ?? 1;
      const proxy = await loaded.loadTuned(name, { expert, antiExpert, alpha });
      const upstream = createLocalUpstream({ model: proxy });
      proxies.push({ ...sized(expert), expert, alpha, upstream });
    }
  }
  const tunedUpstreams: { kind: Tuning; upstream: Upstream }[] = [];
  for (const [kind, other] of Object.entries(tuned) as [Tuning, string][]) {
    tunedUpstreams.push({
      kind,
      upstream: createLocalUpstream({ model: await loaded.load(other) }),
    });
  }
  // The authors' sampling.
  const sampling = { temperature: 0.7, topP: 0.95, topK: 40, seed: setting.seed };
  return {
    ...{ correctors, aligners, proxies, tuned: tunedUpstreams },
    upstream: createLocalUpstream({ model }),
    sampler: createLocalUpstream({ model, sampling }),
  };
}
