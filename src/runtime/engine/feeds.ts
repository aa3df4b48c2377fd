/** A batch as the inputs of the instrumented graphs (src/onnx/names.ts). */
import type { DecoderLayout } from '../../onnx/layout.js';
import { inputs } from '../../onnx/names.js';
import type { Batch } from './batches.js';
import { slotOf } from './batches.js';
import type { Projection } from '../decoder.js';
import { joinPast } from './keyValues.js';
import type { PastRow } from './keyValues.js';
import { padBatch } from './padding.js';
import type { FedRow } from './padding.js';
import type { PlainTensor, TensorData } from '../session.js';
import { defaultPositions, type Steering } from '../steering.js';
import { perRow } from './treatment.js';

/** What a run of either graph is made from. */
export interface Run {
  layout: DecoderLayout;
  batch: Batch;
  /** All rows of the request; the batch picks its own. */
  rows: readonly FedRow[];
  /** Per row of the batch; empty for a fresh run. */
  past: readonly PastRow[];
  steering: Steering | undefined;
  project: Projection | undefined;
}

/** Inputs that both graphs have. */
export function commonFeeds(run: Run): Record<string, PlainTensor> {
  const feeds: Record<string, PlainTensor> = {};
  Object.assign(feeds, decoderFeeds(run), pastFeeds(run), steeringFeeds(run), patchFeeds(run));
  const { layers, width } = run.layout;
  // A reading on the zero direction is 0 where the hidden state is finite and NaN elsewhere, so
  // every run is checked, whatever was asked for.
  const { directions, count } = run.project ?? {
    directions: new Float32Array(layers * width),
    count: 1,
  };
  feeds[inputs.readDirections] = float32(directions, [layers, count, width]);
  return feeds;
}

function decoderFeeds({ layout, batch, rows, steering }: Run): Record<string, PlainTensor> {
  const { past, fed } = batch;
  const count = batch.rows.length;
  const padded = padBatch(batch, rows, steering?.positions ?? defaultPositions);
  const { inputIds, attentionMask, positionIds, seqlensK, totalSequenceLength } = layout.inputs;
  const feeds: Record<string, PlainTensor> = {
    [inputIds]: int64(padded.ids, [count, fed]),
    [inputs.mask]: float32(padded.steered, [count, fed]),
  };
  if (attentionMask !== null) feeds[attentionMask] = int64(padded.attention, [count, past + fed]);
  if (positionIds !== null) feeds[positionIds] = int64(padded.positions, [count, fed]);
  if (seqlensK !== null) {
    const valid = Int32Array.from(batch.rows, (row) => (rows[row]?.ids.length ?? 0) - 1);
    feeds[seqlensK] = { type: 'int32', data: valid, shape: [count] };
  }
  if (totalSequenceLength !== null) {
    const total = Int32Array.of(past + fed);
    feeds[totalSequenceLength] = { type: 'int32', data: total, shape: [] };
  }
  return feeds;
}

function pastFeeds({ layout, batch, past }: Run): Record<string, PlainTensor> {
  const feeds: Record<string, PlainTensor> = {};
  layout.cache.forEach((tensor, index) => {
    const { past: slots, padding } = batch;
    const data = joinPast(past, index, { ...tensor, past: slots, padding });
    const shape = [batch.rows.length, tensor.heads, slots, tensor.headDim];
    feeds[tensor.past] = { type: tensor.type, data, shape };
  });
  return feeds;
}

function steeringFeeds({ layout, batch, steering }: Run): Record<string, PlainTensor> {
  const { layers, width } = layout;
  const direction = steering?.direction ?? new Float32Array(layers * width);
  return {
    [inputs.direction]: float32(direction, [layers, width]),
    [inputs.coefficient]: perLayer(steering?.coefficient, batch, layers),
    [inputs.ablation]: perLayer(steering?.ablation, batch, layers),
  };
}

/** `[B, L]` from `[L]`, `[all rows, L]` or nothing. */
function perLayer(values: Float32Array | undefined, batch: Batch, layers: number): PlainTensor {
  const data = new Float32Array(batch.rows.length * layers);
  if (values) {
    batch.rows.forEach((row, b) => {
      for (let layer = 0; layer < layers; layer++) {
        data[b * layers + layer] = perRow(values, row, layer, layers);
      }
    });
  }
  return float32(data, [batch.rows.length, layers]);
}

/** Patches whose position is fed in this run; those in the cache acted when it was computed. */
function patchFeeds({ layout, batch, rows, steering }: Run): Record<string, PlainTensor> {
  const index: bigint[] = [];
  const vectors: Float32Array[] = [];
  for (const patch of steering?.patches ?? []) {
    const b = batch.rows.indexOf(patch.row);
    const slot = slotOf(batch, rows[patch.row]?.ids.length ?? 0, patch.position);
    if (b < 0 || slot < 0) continue;
    index.push(BigInt(patch.layer), BigInt(b), BigInt(slot));
    vectors.push(patch.vector);
  }
  const data = new Float32Array(vectors.length * layout.width);
  vectors.forEach((vector, n) => data.set(vector, n * layout.width));
  return {
    [inputs.patchIndex]: int64(BigInt64Array.from(index), [vectors.length, 3]),
    [inputs.patchVector]: float32(data, [vectors.length, layout.width]),
  };
}

export function float32(data: Float32Array, shape: readonly number[]): PlainTensor {
  return { type: 'float32', data, shape };
}

export function int64(data: BigInt64Array, shape: readonly number[]): PlainTensor {
  return { type: 'int64', data, shape };
}

/** The data of a float32 output. @throws where the graph gave another type. */
export function floats(tensor: PlainTensor | undefined, name: string): Float32Array {
  return typed(tensor, name, Float32Array);
}

/** The data of an int64 output. @throws where the graph gave another type. */
export function integers(tensor: PlainTensor | undefined, name: string): BigInt64Array {
  return typed(tensor, name, BigInt64Array);
}

function typed<T extends TensorData>(
  tensor: PlainTensor | undefined,
  name: string,
  type: new (length: number) => T,
): T {
  if (tensor?.data instanceof type) return tensor.data;
  throw new Error(
    `session: output "${name}" has type ${tensor?.type ?? 'none'} (expected ${type.name})`,
  );
}
