/** Summaries of experiments over whole answers, of plausible content, made by formula. */
import type { Interval } from '../../src/math/interval.js';
import type { CompareSummary } from '../../src/experiment/answers/compare/shape.js';
import type { RoundsSummary } from '../../src/experiment/rounds/shape.js';

type CorrectorRounds = RoundsSummary['correctors'][number];
type Point = CorrectorRounds['continued']['upstream'][number];
type System = CompareSummary['systems'][number];

const round = (x: number): number => Number(x.toFixed(4));
const around = (x: number, spread: number): Interval => [round(x - spread), round(x + spread)];
const meanOf = (mean: number, spread: number) => ({ mean: round(mean), ci: around(mean, spread) });

/** From `low` upwards, most of the way within three rounds. */
function pointAt(k: number, { low, gain }: { low: number; gain: number }): Point {
  const risen = gain * (1 - Math.exp(-k / 1.5));
  const accuracy = round(low + risen);
  const rest = 1 - accuracy;
  return {
    ...{ k, n: 120, accuracy, ci: around(accuracy, 0.08) },
    gain: meanOf(accuracy - 0.48, 0.06),
    score: meanOf(accuracy + 0.2 * rest, 0.04),
    scoreShares: [0.1, 0.25, 0.3, 0.2, 0.15].map((share) => round(share * rest)).concat(accuracy),
    characters: meanOf(150 + 12 * risen, 8),
    sentences: meanOf(4 + 0.2 * risen, 0.2),
  };
}

function correctorRounds(name: string, gain: number): CorrectorRounds {
  const ks = [0, 1, 2, 3, 4, 5, 6];
  const classic: Partial<Point> & Omit<Point, 'k'> = pointAt(20, { low: 0.48, gain });
  delete classic.k;
  return {
    name,
    classic: {
      ...classic,
      rounds: meanOf(4.6, 0.3),
      stops: { 'end-of-answer': 90, 'empty-correction': 30 },
    },
    continued: {
      upstream: ks.map((k) => pointAt(k, { low: 0.48, gain })),
      corrector: ks.map((k) => pointAt(k, { low: 0.4, gain: gain + 0.08 })),
    },
    settled: { upstream: 6, corrector: null },
  };
}

export const roundsExample: RoundsSummary = {
  upstream: 'upstream-arithmetic',
  rounds: 6,
  maxRounds: 16,
  scoreRule: 'a sentence is right where the solver finds it good or neutral',
  scoreBins: ['0', 'to ¼', 'to ½', 'to ¾', 'below 1', '1'],
  correctors: [
    correctorRounds('corrector-arithmetic-s', 0.12),
    correctorRounds('corrector-arithmetic-m', 0.3),
    correctorRounds('corrector-arithmetic-l', 0.38),
  ],
};

function timing(perProblem: number, firstShare: number): System['timing'] {
  const estimate = (value: number) => ({ value: round(value), ci: around(value, value / 8) });
  return {
    n: 20,
    perProblem: estimate(perProblem),
    perToken: estimate(perProblem / 60),
    firstText: estimate(perProblem * firstShare),
  };
}

interface Planted extends Pick<System, 'name' | 'kind'> {
  size?: string;
  accuracy: number;
  /** Milliseconds per problem, and the share of it until the first text. */
  time: [number, number];
}

function system({ name, kind, size, accuracy, time }: Planted): System {
  const part = { n: 100, accuracy, ci: around(accuracy, 0.09) };
  const rates = { fixRate: 0.5, fixRateCi: around(0.5, 0.1), breakRate: 0.04, breakRateCi: null };
  return {
    ...{ name, kind, size: size ?? null, bytes: size === undefined ? null : 4_000_000 },
    alpha: kind === 'proxy' ? 0.5 : null,
    ...{ ...part, n: 120, ...rates, copyRate: null, copyRateCi: null, revisions: 1 },
    stops: { 'end-of-answer': 120 },
    groups: [
      { group: 'seen', ...part, ...rates },
      { group: 'unseen', ...part, n: 20, ...rates },
    ],
    timing: timing(...time),
  };
}

const sizes = ['s', 'm', 'l'];

export const compareExample: CompareSummary = {
  upstream: 'upstream-arithmetic',
  systems: [
    system({ name: 'upstream', kind: 'upstream', accuracy: 0.48, time: [180, 0.25] }),
    ...sizes.map((size, i) =>
      system({
        ...{ name: `stream-corrector-arithmetic-${size}`, kind: 'stream', size },
        ...{ accuracy: round(0.6 + 0.12 * i), time: [320 + 90 * i, 0.2] },
      }),
    ),
    ...sizes.map((size, i) =>
      system({
        ...{ name: `aligner-arithmetic-${size}`, kind: 'aligner', size },
        ...{ accuracy: round(0.5 + 0.07 * i), time: [290 + 70 * i, 1] },
      }),
    ),
    ...sizes.map((size, i) =>
      system({
        ...{ name: `proxy-expert-arithmetic-${size}`, kind: 'proxy', size },
        ...{ accuracy: round(0.5 + 0.03 * i), time: [400 + 100 * i, 0.25] },
      }),
    ),
    system({ name: 'sft', kind: 'sft', accuracy: 0.47, time: [178, 0.25] }),
    system({ name: 'dpo', kind: 'dpo', accuracy: 0.51, time: [181, 0.25] }),
  ],
  bestOf: [1, 2, 4, 8, 16].map((samples, i) => {
    const [accuracy, anyRight] = [round(0.44 + 0.04 * i), round(0.44 + 0.1 * i)];
    return {
      ...{ samples, n: 120, accuracy, ci: around(accuracy, 0.09) },
      ...{ anyRight, anyRightCi: around(anyRight, 0.08), timing: timing(190 + 45 * 2 ** i, 1) },
    };
  }),
  differences: [
    {
      ...{ size: 'm', stream: 'stream-corrector-arithmetic-m', over: 'aligner-arithmetic-m' },
      ...{ kind: 'aligner', n: 120, estimate: 0.15, ci: [0.06, 0.24], p: 0.002 },
    },
  ],
  latency: [
    {
      ...{ size: 'm', stream: 'stream-corrector-arithmetic-m', aligner: 'aligner-arithmetic-m' },
      perToken: { n: 20, estimate: 1.14, ci: [1.02, 1.27], p: 0.02 },
      firstText: { n: 20, estimate: 4.4, ci: [3.8, 5.1], p: 0.0002 },
    },
  ],
  equalTimeRule: 'the fewest samples that take at least as long',
};
