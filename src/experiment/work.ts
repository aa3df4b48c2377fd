/**
 * How much work a command would do, for `--dry-run`: the same files are read and checked as by the
 * run, and no model is needed. What depends on findings of the run itself is given as the most it can be.
 */
import { defaultStrengths } from './causal/defaults.js';
import { readSource } from './shared/reading/findStimuli.js';
import { commandQuestions } from './shared/questions.js';
import type { Lab } from './shared/lab.js';
import { readProblems } from './sweep/problems.js';

export interface Step {
  what: string;
  count: number;
  /** Outputs are one correction each, answers whole loops, passes one forward each. */
  unit: 'outputs' | 'answers' | 'passes';
  /** Whether it may be less. */
  atMost?: boolean;
}

export interface Sample {
  question: string;
  prefix: string;
  last: string;
}

export interface Work {
  steps: Step[];
  /** Inputs of the run, to time a unit on. */
  samples: Sample[];
}

/** Values of options by key, as a command parsed them. */
export type Given = Readonly<Record<string, unknown>>;
type FileLab = Pick<Lab, 'data' | 'path' | 'onReport'>;
/** @param layers of the model; null where it is not here */
type Count = (given: Given, lab: FileLab, layers: number | null) => Promise<Work>;

const numbers = (given: Given, key: string, usual: number): number =>
  typeof given[key] === 'number' ? given[key] : usual;
const listed = (given: Given, key: string): readonly unknown[] =>
  Array.isArray(given[key]) ? (given[key] as unknown[]) : [];

/** Labelling, and one pass over every stimulus. */
async function reading(given: Given, lab: FileLab): Promise<Work> {
  if (given.direction !== undefined) return { steps: [], samples: [] };
  const place = await lab.data(String(given.stimuli));
  if (given.labels === 'given') return { steps: [], samples: [] };
  const items = await readSource(place, lab);
  const labelled = items.some((item) => 'label' in item);
  const count = Math.min(items.length, numbers(given, 'limit', 600));
  const steps: Step[] = [
    ...(labelled ? [] : [{ what: 'labelling stimuli', count, unit: 'outputs' as const }]),
    { what: 'reading hidden states', count, unit: 'passes', atMost: true },
  ];
  const samples = items.map(({ question, prefix, last }) => ({ question, prefix, last }));
  return { steps, samples };
}

/** A direction that is found first, with its own limit. */
const finding = async (given: Given, lab: FileLab): Promise<Work> =>
  await reading({ ...given, limit: undefined }, lab);

const scan: Count = async (given, lab) => {
  const { steps, samples } = await reading(given, lab);
  const held = Math.ceil((steps.at(-1)?.count ?? 0) / 2);
  const tokens: Step = { what: 'reading output tokens', count: held, unit: 'passes', atMost: true };
  return { steps: [...steps, tokens], samples };
};

/** Windows of layers, each at five scales and five coefficients, on 16 problems; then ten scales. */
const ladder = { windows: 11, scales: 5, points: 5, problems: 16, all: 10, curve: 40 };
const unsteered = 17;

const sweep: Count = async (given, lab) => {
  const found = await finding(given, lab);
  const problems = await readProblems(await lab.data(String(given.problems)), numbers(given, 'limit', Infinity), lab); // prettier-ignore
  const validation = await readProblems(await lab.data(String(given.validation)), Infinity, lab);
  const unit = given.mode === 'loop' ? 'answers' : 'outputs';
  const grid = listed(given, 'coefficients').length || unsteered;
  // A problem is one answer of the loop, or all its recorded sentences.
  const size = (few: typeof problems): number =>
    unit === 'answers' ? few.length : few.reduce((sum, { inputs }) => sum + inputs.length, 0);
  const few = Math.min(ladder.problems, validation.length);
  const curve = size(validation.slice(0, ladder.curve)) * grid;
  const scales =
    given.scale === undefined
      ? ladder.all * ladder.points * size(validation.slice(0, ladder.curve))
      : 0;
  const windows = given.layers === undefined ? ladder.windows * ladder.scales * ladder.points * few : 0; // prettier-ignore
  const controls = numbers(given, 'controls', 30);
  const controlled = problems.slice(0, numbers(given, 'controlProblems', 32));
  const directions = controls === 0 ? 0 : controls + 3;
  return {
    steps: [
      ...found.steps,
      { what: 'choosing layers on validation problems', count: windows, unit: 'outputs', atMost: true }, // prettier-ignore
      { what: 'choosing the scale', count: scales, unit, atMost: true },
      { what: 'fixing the fit range', count: curve, unit },
      { what: 'sweeping', count: size(problems) * grid, unit },
      { what: 'control directions', count: size(controlled) * Math.min(5, grid) * directions, unit, atMost: true }, // prettier-ignore
    ],
    samples: problems.flatMap(sampleOf),
  };
};

const causal: Count = async (given, lab, layers) => {
  const found = await finding(given, lab);
  const pool = numbers(given, 'pool', 192);
  const problems = await readProblems(await lab.data(String(given.problems)), pool, lab);
  const validation = await readProblems(await lab.data(String(given.validation)), pool, lab);
  const steered = Math.min(numbers(given, 'limit', 64), problems.length);
  const both = steered + Math.min(Math.ceil(numbers(given, 'limit', 64) / 2), validation.length);
  const tested = listed(given, 'layers').length || (layers ?? 1);
  const strengths = listed(given, 'coefficients').length || defaultStrengths.length - 1;
  const pairs = numbers(given, 'pairs', 32);
  return {
    steps: [
      ...found.steps,
      { what: 'finding copies and corrections', count: problems.length + validation.length, unit: 'outputs' }, // prettier-ignore
      { what: 'steering and ablating, one layer at a time', count: both * tested * (strengths + 1), unit: 'outputs' }, // prettier-ignore
      { what: 'random directions', count: Math.min(16, steered) * tested * numbers(given, 'controls', 8) * 2, unit: 'outputs' }, // prettier-ignore
      { what: 'patching hidden states', count: 2 * pairs * tested * 12, unit: 'passes', atMost: true }, // prettier-ignore
    ],
    samples: problems.flatMap(sampleOf),
  };
};

const lens: Count = async (given, lab) => {
  const problems = await readProblems(await lab.data(String(given.problems)), numbers(given, 'limit', 200), lab); // prettier-ignore
  const count = problems.length;
  return {
    steps: [
      { what: 'finding copies and corrections', count, unit: 'outputs' },
      { what: 'logit lens', count, unit: 'passes', atMost: true },
    ],
    samples: problems.flatMap(sampleOf),
  };
};

/** What is answered, by so many systems. */
async function answering(given: Given, lab: FileLab): Promise<{ n: number; samples: Sample[] }> {
  const asked = given as Parameters<typeof commandQuestions>[0];
  const { questions } = await commandQuestions(asked, lab);
  const samples = questions.map(({ question }) => ({ question, prefix: '', last: '' }));
  return { n: questions.length, samples };
}

const rounds: Count = async (given, lab) => {
  const { n, samples } = await answering(given, lab);
  const correctors = listed(given, 'correctors').length;
  const ways = 2 * (numbers(given, 'rounds', 8) + 1);
  return {
    steps: [
      { what: 'correcting to the end', count: n * correctors, unit: 'answers' },
      { what: 'written on by one model after 0, 1, … rounds', count: n * correctors * ways, unit: 'answers', atMost: true }, // prettier-ignore
    ],
    samples,
  };
};

const evaluate: Count = async (given, lab) => {
  const { n, samples } = await answering(given, lab);
  const steered = listed(given, 'coefficient').length;
  const systems = listed(given, 'systems').length || (given.expert === undefined ? 4 : 5);
  const recorded = await readSource(await lab.data(String(given.quadruples)), lab);
  const count = Math.min(recorded.length, numbers(given, 'limit', 1000));
  return {
    steps: [
      { what: 'answering', count: n * (systems + steered), unit: 'answers' },
      { what: 'correcting recorded sentences', count, unit: 'outputs', atMost: true },
    ],
    samples,
  };
};

const compare: Count = async (given, lab) => {
  const { n, samples } = await answering(given, lab);
  const lists = ['correctors', 'aligners', 'experts'].map((key) => listed(given, key).length);
  const tuned = ['sft', 'dpo'].filter((key) => given[key] !== undefined).length;
  const systems = 1 + tuned + lists.reduce((sum, each) => sum + each, 0);
  const timed = Math.min(n, numbers(given, 'timed', 20));
  return {
    steps: [
      { what: 'answering', count: n * systems, unit: 'answers' },
      { what: 'samples that vote', count: n * numbers(given, 'samples', 16), unit: 'answers' },
      { what: 'timing, one at a time', count: timed * systems, unit: 'answers' },
    ],
    samples,
  };
};

function sampleOf({ question, inputs }: { question: string; inputs: readonly Omit<Sample, 'question'>[] }): Sample[] {
  const [first] = inputs;
  return [{ question, prefix: first?.prefix ?? '', last: first?.last ?? '' }];
} // prettier-ignore

/** By the command's name. */
export const workOf: Readonly<Record<string, Count>> = {
  'lat-scan': scan,
  extract: reading,
  ...{ sweep, causal, lens, rounds, evaluate, compare },
};
