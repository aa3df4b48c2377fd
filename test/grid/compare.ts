/**
 * One export, read, steered and run by the lab, against what PyTorch says of the same weights.
 *
 * Tolerance: max|Δ| ≤ tol · max(1, RMS of the reference), tol 1e-4 in fp32 and 5e-3 in fp16, there
 * with the weights rounded likewise. What is quantised is another model than PyTorch's, and so is
 * an export that is not true to its model: these are held against their own file, unedited.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import type { Decoder } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import type { Steering } from '../../src/runtime/steering.js';
import { relativeError } from '../runtime/models.js';
import type { Line, Precision } from './report.js';
import { untouched } from './untouched.js';

const none = new Float32Array(0);

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

export interface Reference {
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

function unpack({ data }: Packed): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
}

function steeringOf({ layers, width, steering }: Reference): Steering {
  const direction = new Float32Array(layers * width);
  direction.set(unpack(steering.direction), steering.layer * width);
  const coefficient = new Float32Array(layers);
  coefficient[steering.layer] = steering.coefficient;
  return { direction, coefficient, positions: 'all' };
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

/** Fills a line; its expectations fail where a difference is too large. */
async function measure(reference: Reference, file: string, line: Line): Promise<void> {
  const layout = inspectDecoder(readFileSync(file));
  line.found = `${layout.layers} × ${layout.width}, ${layout.attention === 'full-mask' ? 'mask' : 'GQA'}`;
  expect([layout.layers, layout.width]).toEqual([reference.layers, reference.width]);
  const { same, tolerance } = precisions[line.precision || 'fp32'];
  const wanted = reference[line.precision === 'fp16' ? 'fp16' : 'fp32'];
  const own = await untouched(file, reference.prompts).catch((error: unknown) => error as Error);
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
    return;
  }
  await measureAgainstTorch(decoder, reference, { own, line, tolerance, wanted });
  await using sharing = await loadDecoder({ model: file, threads: 1, sharing: true });
  await measureShared(sharing, reference, { line, tolerance, wanted });
}

/**
 * Every prompt twice, its prefill computed once up to the steered layer; last positions read where all
 * before them is shared; and different prompts that are brought to their last token together.
 */
async function measureShared(
  decoder: Decoder,
  reference: Reference,
  { line, tolerance, wanted }: { line: Line; tolerance: number; wanted: Runs },
): Promise<void> {
  const twice = <T>(rows: readonly T[]): T[] => rows.flatMap((row) => [row, row]);
  const doubled = { ...reference, prompts: twice(reference.prompts) };
  for (const [rows, steering] of [
    [wanted.plain],
    [wanted.steered, steeringOf(reference)],
  ] as const) {
    const options = { tolerance, ...(steering && { steering }) };
    const { wrong } = await compareTokens(decoder, doubled, twice(rows), options);
    line.wrong = (line.wrong ?? 0) + wrong;
  }
  const { wrong } = await compareTokens(decoder, reference, wanted.plain, { tolerance });
  line.wrong = (line.wrong ?? 0) + wrong;
  expect(line.wrong).toBe(0);
  const last = await compareLast(decoder, doubled, twice(wanted.plain));
  line.read = Math.max(line.read ?? 0, last);
  expect(last).toBeLessThanOrEqual(tolerance);
}

/** The largest difference of states and logits at the last token of all prompts, run together. */
async function compareLast(
  decoder: Decoder,
  { prompts, layers, width, vocabulary }: Reference,
  wanted: readonly ReferenceRow[],
): Promise<number> {
  const at = prompts.map(({ length }) => [length - 1]);
  const rows = await decoder.forward({ tokens: prompts, states: at, logits: at });
  const differences = wanted.flatMap(({ states, logits }, row) => {
    const last = (prompts[row]?.length ?? 0) - 1;
    const all = unpack(states);
    const own = new Float32Array(layers * width);
    for (let layer = 0; layer < layers; layer++) {
      const start = (layer * (last + 1) + last) * width;
      own.set(all.subarray(start, start + width), layer * width);
    }
    return [
      relativeError(rows[row]?.states ?? none, own),
      relativeError(rows[row]?.logits ?? none, unpack(logits).subarray(last * vocabulary)),
    ];
  });
  return Math.max(...differences);
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
  const added = steering.direction?.map((x) => x * coefficient) ?? [];
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

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** A model that was made, and its exports. */
export interface Exported {
  architecture: string;
  folder: string;
  exporters: string[];
}

/** Everything that make.py left in a folder. */
export function exportedModels(root: string): Exported[] {
  return readdirSync(root)
    .map((architecture) => ({ architecture, folder: join(root, architecture) }))
    .filter(({ folder }) => existsSync(join(folder, 'reference.json')))
    .map(({ architecture, folder }) => {
      const has = (name: string): boolean =>
        ['export.json', 'failed.txt'].some((file) => existsSync(join(folder, name, file)));
      return { architecture, folder, exporters: readdirSync(folder).filter(has) };
    });
}

/** Compares one export; the line is filled as far as it goes, and says what went wrong. */
export async function compareExport(model: Exported, exporter: string, line: Line): Promise<void> {
  const at = (...path: string[]): string => join(model.folder, ...path);
  if (existsSync(at(exporter, 'failed.txt'))) {
    const why = readFileSync(at(exporter, 'failed.txt'), 'utf8').split('\n')[0] ?? '';
    line.remark = `not exported: ${why.slice(0, 80)}`;
    return;
  }
  line.precision = readJson<{ precision: Precision }>(at(exporter, 'export.json')).precision;
  try {
    await measure(readJson<Reference>(at('reference.json')), at(exporter, 'model.onnx'), line);
  } catch (error) {
    line.remark += `FAILED ${(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''}`;
    throw error;
  }
}
