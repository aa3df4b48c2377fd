/** `compare.json`: systems with their accuracy and times, and their differences, from the records. */
import { bootstrapMean, bootstrapRatio } from '../../math/bootstrap.js';
import { rateOf } from '../../math/interval.js';
import type { Random } from '../../math/random.js';
import { bestOfName } from './bestOf.js';
import { accuracyDifference, bestOfIsRight, firstTextRatio, perTokenRatio, timingsOf } from './compareEffects.js'; // prettier-ignore
import type {
  BestOf,
  ComparedSystem,
  CompareRecord,
  CompareSummary,
  Estimate,
  LatencyRatios,
  SamplesRecord,
  SystemDifference,
  SystemTiming,
} from './compareTypes.js';
import type { TimingRecord } from './evaluate.js';
import { summariseEvaluate } from './evaluateSummary.js';

export interface CompareSummaryOptions {
  upstream: string;
  /** In the order in which they are shown. */
  entries: readonly Pick<ComparedSystem, 'name' | 'kind' | 'size' | 'bytes' | 'alpha'>[];
  /** Numbers of samples, ascending. */
  samples: readonly number[];
  /** Ids; records of other problems are left out. */
  problems: readonly string[];
  records: readonly CompareRecord[];
  random: Random;
}

const equalTimeRule =
  'the fewest samples whose mean time per problem is at least that of the stream system, which ' +
  'favours best-of-n; or the most there are';

/** Summarises the records of one run; systems without records are left out. */
export function summariseCompare(options: CompareSummaryOptions): CompareSummary {
  const ids = new Set(options.problems);
  const records = options.records.filter(({ problem }) => ids.has(problem));
  const of = { ...options, records };
  const systems = summariseSystems(of);
  const bestOf = summariseBestOf(of);
  return {
    upstream: options.upstream,
    systems,
    bestOf,
    differences: differencesOf({ ...of, systems, bestOf }),
    latency: latencyOf({ ...of, systems }),
    equalTimeRule,
  };
}

function summariseSystems({ entries, records, random }: CompareSummaryOptions): ComparedSystem[] {
  const answers = records.filter((record) => record.kind === 'answer');
  const { systems } = summariseEvaluate({ records: answers, random: random.fork('systems') });
  return entries.flatMap((entry) => {
    const found = systems.find(({ name }) => name === entry.name);
    if (!found) return [];
    const { n, accuracy, ci, fixRate, fixRateCi, breakRate, breakRateCi } = found;
    const { copyRate, copyRateCi, revisions, stops, seenFamilies, unseenFamily } = found;
    return {
      ...entry,
      ...{ n, accuracy, ci, fixRate, fixRateCi, breakRate, breakRateCi },
      ...{ copyRate, copyRateCi, revisions, stops, seenFamilies, unseenFamily },
      timing: timingOf(entry.name, records, random),
    };
  });
}

function summariseBestOf({ samples, records, random }: CompareSummaryOptions): BestOf[] {
  const sampled = records.filter((record): record is SamplesRecord => record.kind === 'samples');
  return samples.map((n) => {
    const voted = rateOf(sampled.filter((of) => bestOfIsRight(of, n)).length, sampled.length);
    const any = sampled.filter(({ right }) => right.slice(0, n).includes(true)).length;
    const reachable = rateOf(any, sampled.length);
    return {
      samples: n,
      n: sampled.length,
      accuracy: voted.rate,
      ci: voted.ci,
      anyRight: reachable.rate,
      anyRightCi: reachable.ci,
      timing: timingOf(bestOfName(n), records, random),
    };
  });
}

function timingOf(name: string, records: readonly CompareRecord[], random: Random): SystemTiming {
  const own = [...(timingsOf(records).get(name)?.values() ?? [])];
  own.sort((a, b) => (a.problem < b.problem ? -1 : 1));
  const numbers = (pick: (record: TimingRecord) => number): number[] => own.map(pick);
  const meanOf = (values: readonly number[]): Estimate => {
    const { mean, ci } = bootstrapMean({ values, random: random.fork('timing') });
    return { value: mean, ci };
  };
  const perToken = bootstrapRatio({
    numerators: numbers(({ milliseconds }) => milliseconds),
    denominators: numbers(({ tokens }) => tokens),
    random: random.fork('timing'),
  });
  const none = { value: null, ci: null };
  const firsts = own.flatMap(({ firstTextMilliseconds: first }) => (first === null ? [] : [first]));
  return {
    n: own.length,
    perProblem: own.length === 0 ? none : meanOf(numbers((record) => record.milliseconds)),
    perToken: { value: perToken.ratio, ci: perToken.ci },
    firstText: firsts.length === 0 ? none : meanOf(firsts),
  };
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
      const pair = { of: stream.name, against: rival.over, records };
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
      perToken: perTokenRatio({ ...draws, of: stream.name, against: aligner.name }),
      firstText: firstTextRatio({ ...draws, of: aligner.name, against: stream.name }),
    };
  });
}

function streamsOf(systems: readonly ComparedSystem[]): (ComparedSystem & { size: string })[] {
  return systems.flatMap((system) =>
    system.kind === 'stream' && system.size !== null ? { ...system, size: system.size } : [],
  );
}
