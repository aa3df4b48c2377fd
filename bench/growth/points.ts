/** What is measured: works, what of them grows, and the sizes. */

/** `states`: of every layer at the last token of prompts; `writing`: greedy tokens, steered. */
export const works = ['states', 'extraction', 'writing'] as const;
export type Work = (typeof works)[number];

export const axes = ['layers', 'tokens', 'width', 'stimuli', 'batch'] as const;
export type Axis = (typeof axes)[number];

/** One measurement. */
export interface Point {
  work: Work;
  layers: number;
  width: number;
  /** Of each prompt; of what is written, in `writing`. */
  tokens: number;
  /** Prompts in all. */
  stimuli: number;
  /** Rows at a time. */
  batch: number;
}

export interface Growing {
  work: Work;
  axis: Axis;
  points: Point[];
}

function growing(base: Point, axis: Axis, sizes: readonly number[]): Growing {
  return { work: base.work, axis, points: sizes.map((size) => ({ ...base, [axis]: size })) };
}

const states: Point = {
  work: 'states',
  layers: 8,
  width: 256,
  tokens: 128,
  stimuli: 32,
  batch: 16,
};
const extraction: Point = { ...states, work: 'extraction', layers: 4, width: 128, tokens: 16 };
const writing: Point = { ...states, work: 'writing', tokens: 64, stimuli: 8, batch: 8 };

const doubled = (from: number, times: number): number[] =>
  Array.from({ length: times + 1 }, (_, i) => from * 2 ** i);

/** All of them. */
export const growths: readonly Growing[] = [
  growing(states, 'layers', doubled(4, 3)),
  growing(states, 'tokens', doubled(64, 4)),
  growing(states, 'width', doubled(128, 3)),
  growing({ ...states, stimuli: 64 }, 'batch', doubled(2, 5)),
  growing(extraction, 'stimuli', doubled(500, 4)),
  growing(writing, 'layers', doubled(4, 3)),
  growing(writing, 'tokens', doubled(32, 4)),
  growing(writing, 'width', doubled(128, 3)),
  ...[doubled(2, 5)].map((sizes): Growing => {
    const points = sizes.map((size) => ({ ...writing, batch: size, stimuli: size }));
    return { work: 'writing', axis: 'batch', points };
  }),
];
