/** `compare.json`: systems with their accuracy and times, and their differences, from the records. */
import { rateOf } from '../../../math/interval.js';
import type { ScorerInfo } from '../../../judge/scorer.js';
import type { Random } from '../../../math/random.js';
import { bestOfName } from '../bestOf.js';
import { accuracyDifference, bestOfIsRight, firstTextRatio, perTokenRatio } from './effects.js'; // prettier-ignore
import type {
  BestOf,
  ComparedSystem,
  CompareSummary,
  LatencyRatios,
  SystemDifference,
  SystemTiming,
} from './shape.js';
import type { CompareRecord, SamplesRecord } from '../shape.js';
import { timingOf } from './timing.js';
import { summariseEvaluate } from '../evaluate/summary.js';

export interface CompareSummaryOptions {
  upstream: string;
  /** In the order in which they are shown. */
  entries: readonly Pick<ComparedSystem, 'name' | 'kind' | 'size' | 'bytes' | 'alpha'>[];
  /** Numbers of samples, ascending. */
  samples: readonly number[];
  /** Ids; records of other problems are left out. */
  problems: readonly string[];
  records: readonly CompareRecord[];
  /** Those that judged the answers. Default: one, which said what is right. */
  scorers?: readonly ScorerInfo[];
  random: Random;
}

const equalTimeRule =
  'the fewest samples whose mean time per problem is at least that of the stream system, which ' +
  'favours best-of-n; or the most there are';

/** Summarises the records of one run; systems without records are left out. */
export function summariseCompare(options: CompareSummaryOptions): CompareSummary {
  const ids = new Set(options.problems);
  const records = options.records.filter(({ problem }) => ids.has(problem));
  const own = { ...options, records };
  const systems = summariseSystems(own);
  const bestOf = summariseBestOf(own);
  return {
    upstream: options.upstream,
    systems,
    bestOf,
    differences: differencesOf({ ...own, systems, bestOf }),
    latency: latencyOf({ ...own, systems }),
    equalTimeRule,
  };
}

function summariseSystems(options: CompareSummaryOptions): ComparedSystem[] {
  const { entries, records, scorers, random } = options;
  const answers = records.filter((record) => record.kind === 'answer');
  const { systems } = summariseEvaluate({
    ...{ records: answers, scorers },
    random: random.fork('systems'),
  });
  return entries.flatMap((entry) => {
    const found = systems.find(({ name }) => name === entry.name);
    if (!found) return [];
    const { n, accuracy, ci, fixRate, fixRateCi, breakRate, breakRateCi } = found;
    const { copyRate, copyRateCi, revisions, stops, notes, groups, scores } = found;
    return {
      ...entry,
      ...{ n, accuracy, ci, fixRate, fixRateCi, breakRate, breakRateCi },
      ...{ copyRate, copyRateCi, revisions, stops, notes, groups },
      ...(scores && { scores }),
      timing: timingOf(entry.name, records, random),
    };
  });
}

function summariseBestOf({ samples, records, random }: CompareSummaryOptions): BestOf[] {
  const sampled = records.filter((record): record is SamplesRecord => record.kind === 'samples');
  return samples.map((n) => {
    const judged = sampled.flatMap((record) => {
      const chosen = bestOfIsRight(record, n);
      return chosen === null ? [] : [{ chosen, any: record.right.slice(0, n).includes(true) }];
    });
    const voted = rateOf(judged.filter(({ chosen }) => chosen).length, judged.length);
    const reachable = rateOf(judged.filter(({ any }) => any).length, judged.length);
    return {
      samples: n,
      n: judged.length,
      accuracy: voted.rate,
      ci: voted.ci,
      anyRight: reachable.rate,
      anyRightCi: reachable.ci,
      timing: timingOf(bestOfName(n), records, random),
    };
  });
}

type Summarised = CompareSummaryOptions & { systems: readonly ComparedSystem[] };

function differencesOf(options: Summarised & { bestOf: readonly BestOf[] }): SystemDifference[] {
  const { systems, bestOf, records, random } = options;
  return streamsOf(systems).flatMap((stream) => {
    const others = systems.filter(
      ({ kind, size }) => kind !== 'stream' && (size === null || size === stream.size),
    );
    const sampled = bestOfAtEqualTime(bestOf, stream.timing);
    const rivals: Pick<SystemDifference, 'over' | 'kind'>[] = [
      ...others.map(({ name, kind }) => ({ over: name, kind })),
      ...(sampled ? [{ over: bestOfName(sampled.samples), kind: 'best-of' as const }] : []),
    ];
    return rivals.map((rival) => {
      const pair = { system: stream.name, against: rival.over, records };
      const effect = accuracyDifference({ ...pair, random: random.fork('differences') });
      return { size: stream.size, stream: stream.name, ...rival, ...effect };
    });
  });
}

/** The fewest samples that take at least as long; else the most. Undefined where there are none. */
export function bestOfAtEqualTime(
  bestOf: readonly BestOf[],
  { perProblem: { value: time } }: Pick<SystemTiming, 'perProblem'>,
): BestOf | undefined {
  const slower = bestOf.find(({ timing }) => (timing.perProblem.value ?? 0) >= (time ?? Infinity));
  return slower ?? bestOf.at(-1);
}

function latencyOf({ systems, records, random }: Summarised): LatencyRatios[] {
  return streamsOf(systems).flatMap((stream) => {
    const aligner = systems.find(({ kind, size }) => kind === 'aligner' && size === stream.size);
    if (!aligner) return [];
    const draws = { records, random: random.fork('latency') };
    return {
      ...{ size: stream.size, stream: stream.name, aligner: aligner.name },
      perToken: perTokenRatio({ ...draws, system: stream.name, against: aligner.name }),
      firstText: firstTextRatio({ ...draws, system: aligner.name, against: stream.name }),
    };
  });
}

function streamsOf(systems: readonly ComparedSystem[]): (ComparedSystem & { size: string })[] {
  return systems.flatMap((system) =>
    system.kind === 'stream' && system.size !== null ? { ...system, size: system.size } : [],
  );
}
