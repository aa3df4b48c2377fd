/**
 * What the stage `speed` measures of one decoder, each on its own, the most telling first.
 *
 * Every run hands its results to the host, so wall time is device-synchronised time. A step of
 * decoding is the difference of a long and a short generation: prefill and call cost cancel.
 */
import { createRandom } from '../../src/math/random.js';
import { median } from '../../src/math/summary.js';
import { loopOutputs } from '../../src/onnx/names.js';
import type { GenerateRequest } from '../../src/runtime/decoder.js';
import type { Session } from '../../src/runtime/session.js';
import { nothing } from './model.js';
import type { OpenModel } from './model.js';
import { loopFeeds, stepByStep } from './plainRuns.js';
import { tokens } from './profileStage.js';
import type { DecoderShape } from './shapes.js';

export interface Settings {
  batches: number[];
  promptLength: number;
  /** Tokens of the short and of the long generation. */
  steps: [number, number];
  repeats: number;
  stimuli: number;
  stimulusLength: number;
  /** Stimuli per forward. */
  scanRows: number;
}

export const full: Settings = { batches: [1, 32], promptLength: 64, steps: [4, 68], repeats: 5, stimuli: 512, stimulusLength: 64, scanRows: 32 }; // prettier-ignore
export const small: Settings = { batches: [1, 4], promptLength: 8, steps: [2, 10], repeats: 2, stimuli: 16, stimulusLength: 16, scanRows: 8 }; // prettier-ignore

export interface SpeedItem {
  name: string;
  /** Milliseconds. */
  measure: () => Promise<number>;
}

/** Steps are per token; `scan` is all stimuli. Sessions open with the first item that needs them. */
export class SpeedItems {
  #plain: Session | null = null;
  #untouched: Session | null = null;

  constructor(
    readonly model: OpenModel,
    readonly shape: DecoderShape,
    readonly settings: Settings,
  ) {}

  list(): SpeedItem[] {
    const each = (name: string, measure: (rows: number) => Promise<number>): SpeedItem[] =>
      this.settings.batches.map((rows) => ({
        name: `${name}-${rows}`,
        measure: () => measure(rows),
      }));
    const vectors = unitVectors(this.shape.layers, this.shape.width);
    const project = { directions: vectors, count: 1 };
    const steering = { direction: vectors, coefficient: oneLayer(this.shape.layers) };
    return [
      ...each('loop', (rows) => this.#loop(rows, {})),
      { name: 'scan', measure: () => this.#scan() },
      ...each('plain-loop', (rows) => this.#plainLoop(rows)),
      ...each('loop-steered', (rows) => this.#loop(rows, { steering })),
      ...each('loop-reading', (rows) => this.#loop(rows, { project })),
      ...each('step-by-step', (rows) => this.#stepByStep(rows)),
    ];
  }

  async release(): Promise<void> {
    await this.model.engine.release();
    await this.#plain?.release();
    await this.#untouched?.release();
    [this.#plain, this.#untouched] = [null, null];
  }

  #loop(rows: number, more: Partial<GenerateRequest>): Promise<number> {
    const prompts = this.#prompts(rows);
    return perStep(this.settings, (count) =>
      this.model.engine.generate({ prompts, maxNewTokens: count, stop: [], ...more }, nothing),
    );
  }

  async #plainLoop(rows: number): Promise<number> {
    this.#plain ??= await this.model.openPlainLoop();
    const session = this.#plain;
    return perStep(this.settings, (count) =>
      session.run(loopFeeds(this.model.layout, this.#prompts(rows), count), [loopOutputs.tokens]),
    );
  }

  /** One token per run of the exported decoder, its cache on the host; memory for it is made first. */
  async #stepByStep(rows: number): Promise<number> {
    if (this.#untouched === null) await this.release();
    this.#untouched ??= await this.model.openUntouched();
    const session = this.#untouched;
    const few = { ...this.settings, steps: [2, 10] as [number, number], repeats: 2 };
    return perStep(few, (count) =>
      stepByStep(session, this.model.layout, this.#prompts(rows), count),
    );
  }

  async #scan(): Promise<number> {
    const { stimuli: count, stimulusLength, repeats } = this.settings;
    const { layers, width, vocabulary } = this.shape;
    const stimuli = Array.from({ length: count }, (_, r) => tokens(stimulusLength, vocabulary, r + 1)); // prettier-ignore
    const project = { directions: unitVectors(layers, width), count: 1 };
    const run = (): Promise<unknown> =>
      this.model.engine.forward({ tokens: stimuli, project }, nothing);
    await run();
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push(await timed(run));
    return median(times);
  }

  #prompts(rows: number): number[][] {
    const { promptLength } = this.settings;
    return Array.from({ length: rows }, (_, r) =>
      tokens(promptLength, this.shape.vocabulary, r + 1),
    );
  }
}

async function perStep(
  { steps: [few, many], repeats }: Settings,
  run: (count: number) => Promise<unknown>,
): Promise<number> {
  await run(many);
  const [short, long]: [number[], number[]] = [[], []];
  for (let i = 0; i < repeats; i++) {
    short.push(await timed(() => run(few)));
    long.push(await timed(() => run(many)));
  }
  return (median(long) - median(short)) / (many - few);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** One layer in the middle, as reference.py steers. */
function oneLayer(layers: number): Float32Array {
  return Float32Array.from({ length: layers }, (_, l) => (l === layers >> 1 ? 1 : 0));
}

export function unitVectors(layers: number, width: number): Float32Array {
  const random = createRandom('speed');
  const all = new Float32Array(layers * width);
  for (let l = 0; l < layers; l++) all.set(random.unitVector(width), l * width);
  return all;
}
