/**
 * Decoders as people export them, read, steered and run by the lab, against what PyTorch says of
 * the same weights (make.py). Writes a table of the largest differences as `<GRID>/grid.md`.
 *
 * Tolerance: max|Δ| ≤ tol · max(1, RMS of the reference), tol 1e-4 in fp32 and 5e-3 in fp16, there
 * with the weights rounded likewise. What is quantised is another model than PyTorch's, and so is
 * an export that is not true to its model: these are held against their own file, unedited.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { keepWholeCaches } from '../../src/onnx/windows.js';
import { fromFloat16 } from '../../src/read/float16.js';
import type { Decoder } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { Steering } from '../../src/runtime/steering.js';
import { relativeError } from '../runtime/models.js';
import { overview, wholeTable } from './report.js';
import type { Line, Precision } from './report.js';

const none = new Float32Array(0);
/** Folders of make.py, separated as those of PATH. */
const roots = (process.env.GRID ?? 'grid').split(delimiter);

interface Packed {
  shape: number[];
  data: string;
}

/** One prompt: block outputs `[L, S, D]`, logits `[S, V]`, greedy tokens and their margins. */
interface ReferenceRow {
  states: Packed;
  logits: Packed;
  tokens: number[];
  gaps: number[];
}

interface Reference {
  architecture: string;
  layers: number;
  width: number;
  vocabulary: number;
  prompts: number[][];
  steering: { layer: number; direction: Packed; coefficient: number };
  newTokens: number;
  fp32: Runs;
  /** With the weights rounded to half precision, computed in full. */
  fp16: Runs;
}

interface Runs {
  plain: ReferenceRow[];
  steered: ReferenceRow[];
}

/** Whether the numbers are PyTorch's, and how far they may be from those they are held against. */
const precisions: Record<Precision, { same: boolean; tolerance: number }> = {
  fp32: { same: true, tolerance: 1e-4 },
  fp16: { same: true, tolerance: 5e-3 },
  int8: { same: false, tolerance: 1e-4 },
  int4: { same: false, tolerance: 1e-4 },
  // Both sides are computed in fp16, each within 5e-3.
  'int4, fp16': { same: false, tolerance: 1e-2 },
  // Activations in int8: a millionth more or less may turn a rounding, here worth 2e-2 (measured on
  // an unedited file whose norm weights were changed by that much).
  'int4, int8': { same: false, tolerance: 5e-2 },
};

const lines: Line[] = [];

function unpack({ data }: Packed): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
}

function steeringOf({ layers, width, steering }: Reference): Steering {
  const direction = new Float32Array(layers * width);
  direction.set(unpack(steering.direction), steering.layer * width);
  const coefficient = new Float32Array(layers);
  coefficient[steering.layer] = steering.coefficient;
  return { direction, coefficient };
}

/** Logits `[S, V]` of each prompt from the file as it is, run by ONNX Runtime alone. */
async function untouched(file: string, reference: Reference): Promise<Float32Array[]> {
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
  for (const prompt of reference.prompts) all.push(await logitsOf(prompt));
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
  const before = serializeModel(parsed.model).length;
  keepWholeCaches(parsed.graph);
  if (serializeModel(parsed.model).length === before) return null;
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

/** Largest differences of states and of logits over all prompts, run together and alone. */
async function compareForward(
  decoder: Decoder,
  reference: Reference,
  wanted: readonly ReferenceRow[],
  steering?: Steering,
): Promise<{ states: number; logits: number }> {
  const worst = { states: 0, logits: 0 };
  const all = reference.prompts.map((tokens, row) => ({ tokens, row }));
  for (const batch of [all, ...all.map((one) => [one])]) {
    const positions = batch.map(({ tokens }) => tokens.map((_, at) => at));
    const rows = await decoder.forward({
      tokens: batch.map(({ tokens }) => tokens),
      states: positions,
      logits: positions,
      ...(steering && { steering }),
    });
    for (const [b, { row }] of batch.entries()) {
      const [got, want] = [rows[b], wanted[row]];
      if (!got || !want) throw new Error(`grid: row ${row} is missing`);
      worst.states = Math.max(worst.states, relativeError(got.states, unpack(want.states)));
      worst.logits = Math.max(worst.logits, relativeError(got.logits, unpack(want.logits)));
    }
  }
  return worst;
}

async function compareTokens(
  decoder: Decoder,
  reference: Reference,
  wanted: readonly ReferenceRow[],
  options: { steering?: Steering; tolerance: number },
): Promise<{ wrong: number; ties: number }> {
  const { steering, tolerance } = options;
  const { rows } = await decoder.generate({
    prompts: reference.prompts,
    maxNewTokens: reference.newTokens,
    stop: [2],
    ...(steering && { steering }),
  });
  const counts = { wrong: 0, ties: 0 };
  rows.forEach(({ tokens }, row) => {
    const want = wanted[row];
    const at = want?.tokens.findIndex((token, i) => token !== tokens[i]) ?? -1;
    if (!want || at < 0) return;
    const logits = unpack(want.logits);
    const scale = Math.max(1, Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / logits.length));
    // After the first difference the texts are different ones.
    if ((want.gaps[at] ?? 0) > 2 * tolerance * scale) counts.wrong++;
    else counts.ties++;
  });
  return counts;
}

async function measure(reference: Reference, file: string, line: Line): Promise<void> {
  const layout = inspectDecoder(readFileSync(file));
  line.found = `${layout.layers} × ${layout.width}, ${layout.attention === 'full-mask' ? 'mask' : 'GQA'}`;
  expect([layout.layers, layout.width]).toEqual([reference.layers, reference.width]);
  const { same, tolerance } = precisions[line.precision || 'fp32'];
  const wanted = reference[line.precision === 'fp16' ? 'fp16' : 'fp32'];
  const own = await untouched(file, reference).catch((error: unknown) => error as Error);
  if (own instanceof Error) {
    line.remark = `the file itself does not run: ${own.message}`;
    return;
  }
  const error = (row: number, logits: Float32Array): number =>
    relativeError(logits, unpack(wanted.plain[row]?.logits ?? { shape: [], data: '' }));
  line.file = Math.max(...own.map((logits, row) => error(row, logits)));
  await using decoder = await loadDecoder({ model: file, threads: 1 });
  if (!same || line.file > tolerance) {
    if (same) line.remark = 'the file itself differs from PyTorch; ';
    await measureAgainstFile(decoder, reference, { own, line });
  } else await measureAgainstTorch(decoder, reference, { own, line, tolerance, wanted });
}

/** Block outputs, logits and tokens, plain and steered. */
async function measureAgainstTorch(
  decoder: Decoder,
  reference: Reference,
  options: { own: Float32Array[]; line: Line; tolerance: number; wanted: Runs },
): Promise<void> {
  const { own, line, tolerance, wanted } = options;
  line.edited = await compareEdited(decoder, reference, own);
  const plain = await compareForward(decoder, reference, wanted.plain);
  const steering = steeringOf(reference);
  const steered = await compareForward(decoder, reference, wanted.steered, steering);
  line.read = plain.states;
  line.logits = plain.logits;
  line.steer = Math.max(steered.states, steered.logits);
  const one = await compareTokens(decoder, reference, wanted.plain, { tolerance });
  const other = await compareTokens(decoder, reference, wanted.steered, { steering, tolerance });
  line.wrong = one.wrong + other.wrong;
  line.ties = one.ties + other.ties;
  expect(line.read).toBeLessThanOrEqual(tolerance);
  expect(line.logits).toBeLessThanOrEqual(tolerance);
  expect(line.steer).toBeLessThanOrEqual(tolerance);
  expect(line.wrong).toBe(0);
}

/** Logits of the edited graph, unsteered, against those of the file: each prompt alone. */
async function compareEdited(
  decoder: Decoder,
  reference: Reference,
  own: readonly Float32Array[],
): Promise<number> {
  let worst = 0;
  for (const [row, tokens] of reference.prompts.entries()) {
    const [got] = await decoder.forward({ tokens: [tokens], logits: [tokens.map((_, at) => at)] });
    worst = Math.max(worst, relativeError(got?.logits ?? none, own[row] ?? none));
  }
  return worst;
}

/** Read and steered it may be; what it says unsteered is what its own file says. */
async function measureAgainstFile(
  decoder: Decoder,
  reference: Reference,
  { own, line }: { own: Float32Array[]; line: Line },
): Promise<void> {
  line.edited = await compareEdited(decoder, reference, own);
  line.remark += 'held against its own file ';
  const positions = reference.prompts.map((tokens) => tokens.map((_, at) => at));
  const request = { tokens: reference.prompts, states: positions };
  const plain = await decoder.forward(request);
  const steering = steeringOf(reference);
  const steered = await decoder.forward({ ...request, steering });
  // At the steered layer the states differ by the vector that was added, and by nothing else.
  const { layer, coefficient } = reference.steering;
  const added = steering.direction.map((x) => x * coefficient);
  line.steer = Math.max(
    ...steered.map(({ states }, row) => {
      const size = (reference.prompts[row]?.length ?? 0) * reference.width;
      const at = (of: Float32Array): Float32Array => of.subarray(layer * size, (layer + 1) * size);
      const before = at(plain[row]?.states ?? new Float32Array(0));
      const start = layer * reference.width;
      const wanted = before.map((x, i) => x + (added[start + (i % reference.width)] ?? 0));
      return relativeError(at(states), wanted);
    }),
  );
  const { tolerance } = precisions[line.precision || 'fp32'];
  expect(line.edited).toBeLessThanOrEqual(tolerance);
  expect(line.steer).toBeLessThanOrEqual(tolerance);
}

function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

/** Every model that was made: its name and its folder. */
const models = roots.flatMap((root) =>
  readdirSync(root)
    .map((name) => ({ name, folder: join(root, name) }))
    .filter(({ folder }) => existsSync(join(folder, 'reference.json'))),
);

describe.each(models)('$name', ({ name: architecture, folder }) => {
  const reference = readJson<Reference>(folder, 'reference.json');
  const exporters = readdirSync(folder).filter((name) =>
    ['export.json', 'failed.txt'].some((file) => existsSync(join(folder, name, file))),
  );
  it.each(exporters)('%s', async (exporter) => {
    const line: Line = {
      architecture, exporter, precision: '', found: '', file: null, edited: null,
      read: null, logits: null, steer: null, wrong: null, ties: null, remark: '',
    }; // prettier-ignore
    lines.push(line);
    if (existsSync(join(folder, exporter, 'failed.txt'))) {
      const why = readFileSync(join(folder, exporter, 'failed.txt'), 'utf8').split('\n')[0] ?? '';
      line.remark = `not exported: ${why.slice(0, 80)}`;
      return;
    }
    line.precision = readJson<{ precision: Precision }>(folder, exporter, 'export.json').precision;
    try {
      await measure(reference, join(folder, exporter, 'model.onnx'), line);
    } catch (error) {
      line.remark += `FAILED ${(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''}`;
      throw error;
    }
  });
});

afterAll(() => {
  writeFileSync(join(roots[0] ?? '.', 'grid.md'), `${overview(lines)}\n\n${wholeTable(lines)}\n`);
});
