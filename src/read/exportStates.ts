/**
 * Hidden states for other tools: `<name>.safetensors` with one tensor `states` `[R, D]`, and
 * `<name>.jsonl`, whose line r says of which stimulus, layer and position row r is.
 *
 * Rows stand by stimulus, then layer, then position. They are written as they come, so that memory
 * holds one batch, however many there are.
 */
import { openDraft } from '../disk/atomic.js';
import { float32Bytes, safetensorsHeader } from '../tensors/safetensors.js';
import type { Decoder } from '../runtime/decoder.js';
import { visibleToken } from '../text/visibleToken.js';
import type { StatePositions } from './statePositions.js';
import { inputStates, type AnyStates } from './states.js';
import { wordingOf, type Stimulus } from './stimuli.js';

/** A line of the index. */
export interface StateRow {
  /** Of the tensor, from 0. */
  row: number;
  stimulus: string;
  problem: string;
  half: Stimulus['half'];
  label: Stimulus['label'];
  /** The block whose output it is, from 0. */
  layer: number;
  /** In the prompt, from 0. */
  position: number;
  /** As text; blanks that stand alone are made visible. */
  token: string;
  /** y1, or the words of a text or a chat. */
  text: string;
}

export interface ExportStatesOptions {
  /** Ends in `.safetensors`; the index lies beside it. */
  path: string;
  stimuli: readonly Stimulus[];
  /** `N` rows of prompt tokens. */
  prompts: readonly (readonly number[])[];
  /** A token as text. */
  decode: (token: number) => string;
  decoder: Pick<Decoder, 'forward' | 'info'>;
  /** Default `boundary`. */
  positions?: StatePositions;
  /** `[N, L, D]` at the boundary token, where they have been read. Default: read now. */
  states?: AnyStates;
  /** Most bytes of states in memory. Default 64 MiB; one stimulus is the least. */
  batchBytes?: number;
  /** About the file, for whoever opens it. */
  metadata?: Readonly<Record<string, string>>;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** The index beside a file of states. @throws where the name has another ending. */
export function indexPath(path: string): string {
  if (path.endsWith('.safetensors')) return path.replace(/safetensors$/, 'jsonl');
  throw new Error(`states: ${path} ends in no known format (expected .safetensors)`);
}

/**
 * Writes both files, whole or not at all.
 * @returns their paths and R
 * @throws where one cannot be written, and as the decoder does.
 */
export async function exportStates(
  options: ExportStatesOptions,
): Promise<{ states: string; index: string; rows: number }> {
  const { path, prompts, decoder, metadata = {} } = options;
  const { layers, width } = decoder.info;
  const index = indexPath(path);
  const rows = layers * prompts.reduce((sum, tokens) => sum + placesOf(tokens, options).length, 0);
  const header = safetensorsHeader(new Map([['states', [rows, width]]]), {
    ...metadata,
    index: 'line r of the .jsonl beside it is about row r',
    hidden_state: 'block output, layer 0 = first block',
    positions: options.positions ?? 'boundary',
  });
  const states = await openDraft(path, 'states');
  const lines = await openDraft(index, 'states');
  try {
    await states.write(header);
    let row = 0;
    for await (const { at, values } of blocks(options)) {
      await states.write(float32Bytes(values));
      const described = describe(at, options).map((line) => ({ row: row++, ...line }));
      await lines.write(described.map((line) => `${JSON.stringify(line)}\n`).join(''));
      options.onProgress?.(at + 1, prompts.length);
    }
    await states.keep();
    await lines.keep();
  } finally {
    await states.drop();
    await lines.drop();
  }
  return { states: path, index, rows };
}

/** Positions of a prompt that are written. */
function placesOf(tokens: readonly number[], { positions }: ExportStatesOptions): number[] {
  return positions === 'all' ? [...tokens.keys()] : [tokens.length - 1];
}

/** `[L, P, D]` of every stimulus in order. */
async function* blocks(
  options: ExportStatesOptions,
): AsyncGenerator<{ at: number; values: Float32Array }, void> {
  const { prompts, states, positions, decoder, signal } = options;
  if (states && positions !== 'all') {
    for (const at of prompts.keys()) yield { at, values: inputStates(states, at) };
    return;
  }
  let at = 0;
  for (const batch of batches(options)) {
    signal?.throwIfAborted();
    const asked = batch.map((tokens) => placesOf(tokens, options));
    for (const { states: values } of await decoder.forward({ tokens: batch, states: asked })) {
      yield { at: at++, values };
    }
  }
}

/** Neighbouring prompts whose states fit together; at least one. */
function* batches(options: ExportStatesOptions): Generator<(readonly number[])[]> {
  const { prompts, decoder, batchBytes = 64 * 2 ** 20 } = options;
  const { layers, width } = decoder.info;
  let batch: (readonly number[])[] = [];
  let bytes = 0;
  for (const tokens of prompts) {
    const own = 4 * layers * width * placesOf(tokens, options).length;
    if (batch.length > 0 && (bytes + own > batchBytes || batch.length >= 16)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(tokens);
    bytes += own;
  }
  if (batch.length > 0) yield batch;
}

/** The lines of one stimulus. */
function describe(at: number, options: ExportStatesOptions): Omit<StateRow, 'row'>[] {
  const { stimuli, prompts, decoder, decode } = options;
  const [stimulus, tokens] = [stimuli[at], prompts[at]];
  if (!stimulus || !tokens) throw new Error(`states: no stimulus ${at}`);
  const { id, problem, half, label } = stimulus;
  const text = wordingOf(stimulus);
  return Array.from({ length: decoder.info.layers }, (_, layer) =>
    placesOf(tokens, options).map((position) => {
      const token = visibleToken(decode(tokens[position] ?? 0));
      return { stimulus: id, problem, half, label, layer, position, token, text };
    }),
  ).flat();
}
