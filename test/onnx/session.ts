/** Runs decoders in ONNX Runtime for the tests: plain, instrumented, and as a loop. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { DecoderLayout } from '../../src/onnx/layout.js';
import { inputs, loopInputs } from '../../src/onnx/names.js';

export type Feeds = Record<string, Tensor>;
export type Fetches = Awaited<ReturnType<InferenceSession['run']>>;

export async function open(model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
}

export function ints(values: readonly number[], shape: readonly number[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(values.map(BigInt)), shape);
}

export function floats(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  return new Tensor('float32', Float32Array.from(values), shape);
}

export function data(fetches: Fetches, name: string): Float32Array {
  const tensor = fetches[name];
  if (tensor === undefined || !(tensor.data instanceof Float32Array)) {
    throw new Error(`no float output ${name}`);
  }
  return tensor.data;
}

/** Rows padded on the left (full mask) or right (fused attention); an empty or given cache. */
export function decoderFeeds(
  layout: DecoderLayout,
  rows: readonly (readonly number[])[],
  past?: { fetches: Fetches; lengths: readonly number[]; width: number },
): Feeds {
  const size = Math.max(...rows.map((row) => row.length));
  const left = layout.attention === 'full-mask';
  const pad = (values: readonly number[], length: number): number[] => {
    const filler = Array<number>(length - values.length).fill(0);
    return left ? [...filler, ...values] : [...values, ...filler];
  };
  const before = past?.lengths ?? rows.map(() => 0);
  const width = past?.width ?? 0;
  const B = rows.length;
  const feeds: Feeds = {
    [layout.inputs.inputIds]: ints(
      rows.flatMap((r) => pad(r, size)),
      [B, size],
    ),
  };
  if (layout.inputs.attentionMask !== null) {
    const mask = rows.flatMap((row, b) => {
      const seen = Array<number>(before[b] ?? 0).fill(1);
      const fresh = row.map(() => 1);
      if (left) return [...pad(seen, width), ...pad(fresh, size)];
      return pad([...seen, ...fresh], width + size);
    });
    feeds[layout.inputs.attentionMask] = ints(mask, [B, width + size]);
  }
  if (layout.inputs.positionIds !== null) {
    const positions = rows.flatMap((row, b) =>
      pad(
        row.map((_, i) => (before[b] ?? 0) + i),
        size,
      ),
    );
    feeds[layout.inputs.positionIds] = ints(positions, [B, size]);
  }
  for (const { past: name, present, heads, headDim } of layout.cache) {
    feeds[name] = past?.fetches[present] ?? floats([], [B, heads, 0, headDim]);
  }
  return feeds;
}

export interface SteerFeeds {
  direction?: ArrayLike<number>;
  coefficient?: ArrayLike<number>;
  ablation?: ArrayLike<number>;
  mask?: ArrayLike<number>;
  /** `[layer, row, index]` and vector. */
  patches?: readonly { at: readonly number[]; vector: ArrayLike<number> }[];
  /** `[L, K, D]` */
  directions?: { values: ArrayLike<number>; count: number };
  /** Per row as many as in the others. */
  states?: readonly (readonly number[])[];
  logits?: readonly (readonly number[])[];
}

/** The instrumentation's inputs for `B` rows of `S` tokens; everything off where not given. */
export function steerFeeds(
  { layers, width }: DecoderLayout,
  [B, S]: readonly [number, number],
  steer: SteerFeeds = {},
): Feeds {
  const zeros = (n: number): number[] => Array<number>(n).fill(0);
  const patches = steer.patches ?? [];
  const positions = (rows: readonly (readonly number[])[]): Tensor =>
    ints(rows.flat(), [B, rows[0]?.length ?? 0]);
  const count = steer.directions?.count ?? 0;
  return {
    [inputs.direction]: floats(steer.direction ?? zeros(layers * width), [layers, width]),
    [inputs.coefficient]: floats(steer.coefficient ?? zeros(B * layers), [B, layers]),
    [inputs.ablation]: floats(steer.ablation ?? zeros(B * layers), [B, layers]),
    [inputs.mask]: floats(steer.mask ?? zeros(B * S), [B, S]),
    [inputs.patchIndex]: ints(
      patches.flatMap(({ at }) => at),
      [patches.length, 3],
    ),
    [inputs.patchVector]: floats(
      patches.flatMap(({ vector }) => Array.from(vector)),
      [patches.length, width],
    ),
    [inputs.readDirections]: floats(steer.directions?.values ?? [], [layers, count, width]),
    [inputs.readPositions]: positions(steer.states ?? []),
    [inputs.logitsPositions]: positions(steer.logits ?? []),
  };
}

/** The loop's inputs for `B` rows; greedy where no sampling is given. */
export function loopFeeds(
  layout: DecoderLayout,
  rows: readonly (readonly number[])[],
  options: LoopGraphOptions,
): Feeds {
  const B = rows.length;
  const S = Math.max(...rows.map((row) => row.length));
  const own = steerFeeds(layout, [B, S], options.steer);
  const absent: string[] = [inputs.readPositions, inputs.logitsPositions];
  const steering = Object.fromEntries(Object.entries(own).filter(([k]) => !absent.includes(k)));
  const T = options.maxNewTokens;
  const sampling = options.sampling ?? { temperature: 0, topP: 1, topK: 0, uniforms: [] };
  const uniforms = options.sampling?.uniforms ?? Array<number>(T * B).fill(0);
  const generated = options.generatedMask ?? Array<number>(B).fill(0);
  return {
    ...decoderFeeds(layout, rows, options.past),
    ...steering,
    [loopInputs.maxNewTokens]: ints([T], []),
    [loopInputs.room]: ints(options.rooms ?? rows.map(() => T), [B]),
    [loopInputs.stop]: ints(options.stop ?? [-1], [options.stop?.length ?? 1]),
    [loopInputs.generatedMask]: floats(generated, [B]),
    [loopInputs.temperature]: floats([sampling.temperature], []),
    [loopInputs.topP]: floats([sampling.topP], []),
    [loopInputs.topK]: ints([sampling.topK], []),
    [loopInputs.uniforms]: floats(uniforms, [uniforms.length / B, B]),
    [loopInputs.readStates]: ints([options.states === true ? 1 : 0], []),
  };
}

export interface LoopGraphOptions {
  maxNewTokens: number;
  /** Per row; default `maxNewTokens`. */
  rooms?: readonly number[];
  stop?: readonly number[];
  /** `uniforms` `[T, B]` */
  sampling?: { temperature: number; topP: number; topK: number; uniforms: readonly number[] };
  steer?: SteerFeeds;
  generatedMask?: readonly number[];
  states?: boolean;
  past?: { fetches: Fetches; lengths: readonly number[]; width: number };
}

/** Ids `[T][B]` of an int64 output. */
export function tokenRows(fetches: Fetches, name: string): number[][] {
  const tensor = fetches[name];
  if (tensor === undefined || !(tensor.data instanceof BigInt64Array)) {
    throw new Error(`no int64 output ${name}`);
  }
  const [T = 0, B = 0] = tensor.dims;
  const all = Array.from(tensor.data, Number);
  return Array.from({ length: T }, (_, t) => all.slice(t * B, (t + 1) * B));
}
