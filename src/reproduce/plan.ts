/** What `reproduce` runs: the models, the parts in their order, and how large each of them is. */
import { sizeLabels } from '../experiment/shared/sizes.js';

/** Models of one size that are compared with each other. */
export interface SizeModels {
  corrector: string;
  /** A whole-answer Aligner. */
  aligner?: string;
  /** For proxy-tuning; both or none. */
  expert?: string;
  antiExpert?: string;
}

/** Fine-tuned versions of the upstream that the paper compares with. */
export const tunings = ['sft', 'dpo'] as const;
export type Tuning = (typeof tunings)[number];

/** Who compares answers by one criterion. */
export interface PaperJudge {
  /** As records call it. */
  name: string;
  /** `helpful`, `harmless`, or what one's own is called. */
  criterion: string;
}

export interface ReproduceModels {
  upstream: string;
  /** From the smallest to the largest; further ones (another seed) after these. */
  sizes: readonly SizeModels[];
  tuned: Readonly<Partial<Record<Tuning, string>>>;
}

/** Short names of the correctors, for ids and figures. */
export function labelsOf({ sizes }: ReproduceModels): string[] {
  return sizeLabels(sizes.map(({ corrector }) => corrector));
}

/** In the order in which they run. */
export const partKinds = ['rounds', 'compare', 'scan', 'lens', 'sweep', 'causal'] as const;
export type PartKind = (typeof partKinds)[number];

/** One experiment: a run folder of its own. */
export interface Part {
  /** Its folder within the run, e.g. `sweep-corrector-arithmetic-m`. */
  name: string;
  kind: PartKind;
  /** The model looked into; null where the part is about all of them. */
  model: string | null;
  /** What `model` is. */
  role: 'corrector' | 'aligner' | null;
  /** Parts of one turn may run side by side: none builds on another of them. */
  turn: number;
  /** Seconds on two cores; only their proportions matter. */
  expected: number;
}

/** How many of what. Intervals are 95 %, half widths, at the worst case of a rate of one half. */
export interface PartSizes {
  rounds: {
    /** 64: ±12 points for a rate, about ±9 for a paired difference. */
    problems: number;
    /** Correction rounds, at most. */
    rounds: number;
    /** Numbers of rounds whose answers a judge compares, where there is one: all would cost twice as much. */
    judged: readonly number[];
  };
  compare: {
    /** As in `rounds`, and the same problems. */
    problems: number;
    /** Problems timed one by one: 16 give ratios of times within about 10 %. */
    timed: number;
    /** Best of n: answers drawn per problem, at most. */
    samples: number;
    /** Strengths of proxy-tuning that are tried; its authors' is 1. */
    alphas: readonly number[];
    /** Validation problems on which they are. */
    alphaProblems: number;
  };
  scan: {
    /** Sentences that are labelled; 256 stay at most, half of them held out: ±8.7 points. */
    candidates: number;
    /** Whole answers of the upstream that an Aligner's labels are made of; it copies few of them. */
    answers: number;
    /** Of a data set: questions in whose loops a corrector's sentences are recorded. */
    questions: number;
  };
  /** 80 problems, one sentence each: about ±0.5 layers for the mean layer of settling. */
  lens: { problems: number };
  sweep: {
    /** Problems in the loop: 16 give a slope within about a third of itself. */
    problems: number;
    /** Few points, since each costs a whole run: the papers' grid (-1 … 0.5), and as far the other way. */
    grid: readonly number[];
    /** Random directions: with 4, the chance that one of like effect exceeds all of them is 1 in 5. */
    controls: number;
    controlProblems: number;
    /** Scale and fit range are fixed on as many recorded problems, outside the loop: a tenth of its time. */
    validation: number;
    /** Of these, for each window of layers that is tried. */
    windowProblems: number;
  };
  causal: {
    /** Steered and ablated: shares within ±25 points at the worst. */
    problems: number;
    /** Exchanged pairs: shares of the way within about ±8 points. */
    pairs: number;
    /** Problems labelled, from which the pairs are made. */
    pool: number;
    /** Random directions at one layer at a time. */
    controls: number;
  };
}

const grid = Array.from({ length: 9 }, (_, i) => i / 4 - 1);

export const extents = ['default', 'quick'] as const;
export type Extent = (typeof extents)[number];

export const partSizes: Readonly<Record<Extent, PartSizes>> = {
  default: {
    rounds: { problems: 64, rounds: 8, judged: [1, 2, 4, 8] },
    compare: {
      problems: 64,
      timed: 16,
      samples: 8,
      alphas: [0.125, 0.25, 0.5, 1],
      alphaProblems: 64,
    },
    scan: { candidates: 400, answers: 400, questions: 160 },
    lens: { problems: 80 },
    sweep: {
      ...{ problems: 16, grid, controls: 4, controlProblems: 16 },
      ...{ validation: 8, windowProblems: 4 },
    },
    causal: { problems: 16, pairs: 16, pool: 96, controls: 3 },
  },
  // What is run has enough problems or pairs for a verdict (`leastUnits`); what would not is left out.
  quick: {
    rounds: { problems: 32, rounds: 6, judged: [1, 2, 4, 6] },
    compare: { problems: 32, timed: 16, samples: 4, alphas: [0.25, 1], alphaProblems: 32 },
    scan: { candidates: 200, answers: 96, questions: 96 },
    lens: { problems: 48 },
    sweep: {
      ...{ problems: 16, grid, controls: 4, controlProblems: 16 },
      ...{ validation: 8, windowProblems: 4 },
    },
    causal: { problems: 16, pairs: 16, pool: 64, controls: 2 },
  },
};

/** The same with at most so many problems anywhere. */
export function limitSizes(sizes: PartSizes, limit: number): PartSizes {
  const most = (n: number): number => Math.min(n, limit);
  const { rounds, compare, scan, lens, sweep, causal } = sizes;
  return {
    rounds: { ...rounds, problems: most(rounds.problems) },
    compare: {
      ...compare,
      problems: most(compare.problems),
      timed: most(compare.timed),
      alphaProblems: most(compare.alphaProblems),
    },
    scan,
    lens: { problems: most(lens.problems) },
    sweep: {
      ...sweep,
      problems: most(sweep.problems),
      controlProblems: most(sweep.controlProblems),
      validation: most(sweep.validation),
      windowProblems: most(sweep.windowProblems),
    },
    causal: { ...causal, problems: most(causal.problems), pairs: most(causal.pairs) },
  };
}

/** See {@link Part.turn}. What is timed runs alone; what looks into a model begins with its scan. */
const turns: Readonly<Record<PartKind, number>> = {
  rounds: 1,
  compare: 2,
  scan: 3,
  lens: 4,
  sweep: 4,
  causal: 4,
};

/** Seconds of the default extent on two cores; of what runs side by side, of each its share. */
const expectedSeconds: Readonly<Record<PartKind, number>> = {
  rounds: 120,
  compare: 320,
  scan: 12,
  lens: 8,
  sweep: 65,
  causal: 50,
};

/** Kinds of parts that a quick run does for correctors alone: each costs as much as all of the rest. */
const dear: readonly PartKind[] = ['sweep', 'causal'];

/** All parts in their order: answers first, then what looks into the models, cheap parts first. */
export function planParts(models: ReproduceModels, extent: Extent = 'default'): Part[] {
  const correctors = models.sizes.map(({ corrector }) => corrector);
  const aligners = models.sizes.flatMap(({ aligner }) => aligner ?? []);
  const about = (kind: PartKind, role: 'corrector' | 'aligner', names: readonly string[]): Part[] =>
    names.map((model) => ({
      ...{ name: `${kind}-${model}`, kind, model, role },
      ...{ turn: turns[kind], expected: expectedSeconds[kind] },
    }));
  const both = (kind: PartKind): Part[] => [
    ...about(kind, 'corrector', correctors),
    ...(extent === 'quick' && dear.includes(kind) ? [] : about(kind, 'aligner', aligners)),
  ];
  return [
    whole('rounds'),
    whole('compare'),
    ...both('scan'),
    ...both('lens'),
    ...both('sweep'),
    ...both('causal'),
  ];
}

function whole(kind: PartKind): Part {
  const about = { name: kind, kind, model: null, role: null };
  return { ...about, turn: turns[kind], expected: expectedSeconds[kind] };
}
