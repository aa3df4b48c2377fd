/**
 * Boundary states of more stimuli than memory should hold: they go to a file as they are read, and a
 * layer of them comes back when a method asks for it. The same batches, hence the same numbers, as in
 * memory.
 */
import { createHash, type Hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { StateFile } from './stateFile.js';
import {
  readBoundary,
  readingOrder,
  usualBatch,
  type AnyStates,
  type BoundaryOptions,
  type FetchedStates,
} from './states.js';

export interface SpillOptions extends Omit<BoundaryOptions, 'prompts'> {
  /** N */
  count: number;
  /** Prompt tokens of one input; asked for twice, so that they need not be kept. */
  prompt: (input: number) => readonly number[];
  /** Of the file. It is found again by a run that reads the same. */
  path: string;
  /** Bytes that are gathered before they are written. Default 16 MiB; a batch is the least. */
  chunkBytes?: number;
}

/**
 * Unsteered hidden states of each prompt's last token, in a file.
 * @throws as {@link boundaryStates}, and where the file cannot be written: the same call goes on from
 *   what it holds.
 */
export async function spillBoundaryStates(options: SpillOptions): Promise<SpilledStates> {
  const { decoder, count, path, batchSize = usualBatch, chunkBytes = 2 ** 24 } = options;
  const { layers, width, sha256, device } = decoder.info;
  const hash = createHash('sha256').update(JSON.stringify({ sha256, device, batchSize }));
  const order = readingOrder(hashed(options, hash));
  hash.update(Uint32Array.from(order));
  const rows = batchSize * Math.max(1, Math.floor(chunkBytes / (4 * layers * width * batchSize)));
  const key = hash.digest('hex');
  const file = await StateFile.open({ path, key, count, layers, width, rows });
  let chunk: Float32Array[] = [];
  const begun = file.length;
  for await (const { states } of readBoundary({ ...options, order, begun })) {
    chunk.push(states);
    if (chunk.length < rows && file.length + chunk.length < count) continue;
    await file.append(chunk);
    chunk = [];
  }
  return new SpilledStates(path, file, { order, layers, width });
}

/** The prompts, of which only the hash is kept. */
function* hashed(
  { count, prompt }: Pick<SpillOptions, 'count' | 'prompt'>,
  hash: Hash,
): Generator<readonly number[]> {
  for (let input = 0; input < count; input++) {
    const tokens = prompt(input);
    hash.update(Uint32Array.of(tokens.length, ...tokens));
    yield tokens;
  }
}

/** Hidden states in a file that is the owner's to remove. */
export class SpilledStates implements FetchedStates {
  readonly count: number;
  readonly layers: number;
  readonly width: number;
  readonly #path: string;
  readonly #file: StateFile;
  /** The row of each input. */
  readonly #rows: Uint32Array;

  constructor(
    path: string,
    file: StateFile,
    { order, layers, width }: { order: readonly number[]; layers: number; width: number },
  ) {
    [this.count, this.layers, this.width] = [order.length, layers, width];
    [this.#path, this.#file] = [path, file];
    this.#rows = new Uint32Array(order.length);
    order.forEach((input, row) => (this.#rows[input] = row));
  }

  layer(layer: number, inputs: readonly number[]): Float32Array[] {
    return this.#file.layer(
      layer,
      inputs.map((input) => this.#rowOf(input)),
    );
  }

  input(index: number): Float32Array {
    return this.#file.row(this.#rowOf(index));
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  #rowOf(input: number): number {
    const row = this.#rows[input];
    if (row !== undefined) return row;
    throw new Error(`states: no input ${input} (expected 0 … ${this.count - 1})`);
  }
}

/** Removes the file of states that are in one; those in memory stay. */
export async function dropStates(states: AnyStates): Promise<void> {
  if (states instanceof SpilledStates) await states.remove();
}
