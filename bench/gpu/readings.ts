/** What the parity stage asks a decoder, and its answers on disk, ours and PyTorch's alike. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRandom } from '../../src/math/random.js';
import type { DecoderLayout } from '../../src/onnx/layout.js';
import type { Engine } from '../../src/runtime/engine/engine.js';
import type { Steering } from '../../src/runtime/steering.js';
import { readJson } from './context.js';
import { nothing } from './model.js';

export interface ParityRequest {
  /** `made`: weights.json of a made decoder; `embedded`: the ONNX file of a Llama in fp32. */
  kind: 'made' | 'embedded';
  weights: string;
  prompts: number[][];
  /** Raw float32 `[L, D]`, unit vectors. */
  directions: string;
  /** Coefficients per layer, by case; all 0 is `off`. */
  cases: Record<'off' | 'on', number[]>;
  maxNewTokens: number;
}

/** Arrays by `<case>/<name>`, and greedy tokens by case and row. */
export interface Readings {
  arrays: Map<string, Float32Array>;
  tokens: Record<string, number[][]>;
}

/** Rows of unequal lengths, so that padding is part of what is compared. */
export function makeRequest(
  { layers, width, vocabulary }: DecoderLayout,
  given: Pick<ParityRequest, 'kind' | 'weights' | 'directions'>,
): ParityRequest {
  const random = createRandom('parity');
  const lengths = [24, 31, 9, 17];
  const prompts = lengths.map((length) =>
    Array.from({ length }, () => 3 + random.integer(vocabulary - 3)),
  );
  const directions = Array.from({ length: layers }, () => random.unitVector(width));
  writeFileSync(
    given.directions,
    Buffer.concat(directions.map((row) => new Uint8Array(row.buffer))),
  );
  const middle = layers >> 1;
  const on = Array.from({ length: layers }, (_, l) => (l === middle || l === middle + 1 ? 4 : 0));
  const cases = { off: on.map(() => 0), on };
  return { ...given, prompts, cases, maxNewTokens: 24 };
}

export function readDirections(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** @param steering null: none at all; else the case's coefficients */
export async function readCase(
  engine: Engine,
  request: ParityRequest,
  steering: Steering | null,
): Promise<{
  logits: Float32Array;
  projections: Float32Array;
  states: Float32Array;
  tokens: number[][];
}> {
  const { prompts, maxNewTokens } = request;
  const ends = prompts.map((row) => [row.length - 1]);
  const given = steering === null ? {} : { steering };
  const rows = await engine.forward(
    {
      tokens: prompts,
      project: { directions: readDirections(request.directions), count: 1 },
      ...{ states: ends, logits: ends, ...given },
    },
    nothing,
  );
  const done = await engine.generate({ prompts, maxNewTokens, stop: [], ...given }, nothing);
  return {
    logits: join(rows.map((row) => row.logits)),
    projections: join(rows.map((row) => row.projections)),
    states: join(rows.map((row) => row.states)),
    tokens: done.rows.map((row) => row.tokens),
  };
}

export async function readAll(engine: Engine, request: ParityRequest): Promise<Readings> {
  const arrays = new Map<string, Float32Array>();
  const tokens: Record<string, number[][]> = {};
  const direction = readDirections(request.directions);
  for (const [name, coefficient] of Object.entries(request.cases)) {
    const own = Float32Array.from(coefficient);
    const steering = { direction, coefficient: own, positions: 'all' as const };
    const read = await readCase(engine, request, steering);
    for (const part of ['logits', 'projections', 'states'] as const) {
      arrays.set(`${name}/${part}`, read[part]);
    }
    tokens[name] = read.tokens;
  }
  return { arrays, tokens };
}

/** Writes `<path>.f32` and `<path>.json`, as reference.py does. */
export function saveReadings(path: string, { arrays, tokens }: Readings): void {
  writeFileSync(`${path}.f32`, Buffer.concat([...arrays.values()].map(bytesOf)));
  const sizes = Object.fromEntries([...arrays].map(([name, { length }]) => [name, length]));
  writeFileSync(`${path}.json`, JSON.stringify({ arrays: sizes, tokens }));
}

/** null where nothing was saved. */
export function loadReadings(path: string): Readings | null {
  if (!existsSync(`${path}.json`)) return null;
  const saved = readJson<{ arrays: Record<string, number>; tokens: Record<string, number[][]> }>(
    `${path}.json`,
  );
  const all = readDirections(`${path}.f32`);
  const arrays = new Map<string, Float32Array>();
  let at = 0;
  for (const [name, length] of Object.entries(saved.arrays)) {
    arrays.set(name, all.subarray(at, at + length));
    at += length;
  }
  return { arrays, tokens: saved.tokens };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
