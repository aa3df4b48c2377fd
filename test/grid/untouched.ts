/** What a decoder's file says as it is, run by ONNX Runtime alone. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { keepWholeCaches } from '../../src/onnx/windows.js';
import { fromFloat16 } from '../../src/tensors/float16.js';

/** Logits `[S, V]` of each prompt from the file as it is, run by ONNX Runtime alone. */
export async function untouched(
  file: string,
  prompts: readonly number[][],
): Promise<Float32Array[]> {
  const bytes = wholeCaches(file);
  const session = await (bytes === null
    ? InferenceSession.create(file)
    : InferenceSession.create(bytes));
  const { inputs, cache, logits } = inspectDecoder(readFileSync(file));
  const logitsOf = async (tokens: number[]): Promise<Float32Array> => {
    const size = tokens.length;
    const whole = (name: string | null, values: number[], dims: number[]): Feeds =>
      name === null
        ? {}
        : { [name]: new Tensor('int64', BigInt64Array.from(values, BigInt), dims) };
    const short = (name: string | null, value: number, dims: number[]): Feeds =>
      name === null ? {} : { [name]: new Tensor('int32', Int32Array.of(value), dims) };
    const feeds: Feeds = {
      ...whole(inputs.inputIds, tokens, [1, size]),
      ...whole(inputs.attentionMask, tokens.map(() => 1), [1, size]),
      ...whole(inputs.positionIds, tokens.map((_, at) => at), [1, size]),
      ...short(inputs.seqlensK, size - 1, [1]),
      ...short(inputs.totalSequenceLength, size, []),
    }; // prettier-ignore
    for (const { past, heads, headDim, type } of cache) {
      const empty = type === 'float16' ? new Uint16Array(0) : new Float32Array(0);
      feeds[past] = new Tensor(type, empty, [1, heads, 0, headDim]);
    }
    const { [logits.output]: made } = await session.run(feeds, [logits.output]);
    if (made?.type !== 'float16') return made?.data as Float32Array;
    const { buffer, byteOffset, byteLength } = made.data as Uint16Array;
    return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), fromFloat16);
  };
  const all: Float32Array[] = [];
  for (const prompt of prompts) all.push(await logitsOf(prompt));
  await session.release();
  return all;
}

type Feeds = Record<string, Tensor>;

/**
 * The one edit that a file needs to be run as the others: GenAI's caches of a fixed window, which
 * want a buffer of that size. Null where there are none.
 */
function wholeCaches(file: string): Uint8Array | null {
  const parsed = parseModel(readFileSync(file));
  if (!keepWholeCaches(parsed.graph)) return null;
  const folder = dirname(file);
  for (const tensor of parsed.graph.initializer) inlineWeights(tensor, folder);
  return serializeModel(parsed.model);
}

/** Reads a tensor's bytes out of the file beside the model. */
function inlineWeights(tensor: TensorProto, folder: string): void {
  if (tensor.externalData.length === 0) return;
  const of = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]));
  const from = Number(of['offset'] ?? 0);
  const bytes = readFileSync(join(folder, of['location'] ?? ''));
  const to = of['length'] === undefined ? bytes.length : from + Number(of['length']);
  tensor.rawData = bytes.subarray(from, to);
  tensor.externalData = [];
  tensor.dataLocation = TensorProto_DataLocation.DEFAULT;
}
