/** The decoder's own inputs and outputs: tokens, mask, positions, cache and logits. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { ValueInfoProto } from 'onnx-buf';
import { dimensions, elementType } from './graph.js';
import type { GraphIndex } from './graph.js';
import { fusedHeadSize } from './headSize.js';
import type { CacheTensor, DecoderInputs, FloatType } from './layout.js';

export interface DecoderEnds {
  inputs: DecoderInputs;
  /** Keys before values, by layer. */
  cache: CacheTensor[];
  logits: ValueInfoProto;
}

/**
 * Finds the ends of a decoder by the names that Optimum and ONNX Runtime's exporters give.
 *
 * @throws Error that lists what was found, where it is no decoder with a cache.
 */
export function findEnds(index: GraphIndex): DecoderEnds {
  const { graph } = index;
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !weights.has(name));
  const names = inputs.map(({ name }) => name);
  refuseOtherModels(names);
  const own = findInputs(names);
  const named = (name: string | null): ValueInfoProto | undefined =>
    inputs.find((input) => input.name === name);
  refuseFixedSizes(named(own.inputIds), ['rows', 'tokens']);
  refuseFixedSizes(named(own.attentionMask), [null, 'tokens']);
  refuseFixedSizes(named(own.positionIds), [null, 'tokens']);
  const cache = findCache(index, inputs);
  for (const { past } of cache) refuseFixedSizes(named(past), [null, null, 'cached tokens']);
  const known = new Set<string | null>([
    ...Object.values<string | null>({ ...own }),
    ...cache.map(({ past }) => past),
  ]);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `model: unknown inputs ${list(unknown)} (expected input_ids, attention_mask, position_ids and past_key_values); export the plain decoder with its cache`,
    );
  }
  return { inputs: own, cache, logits: findLogits(graph.output) };
}

function refuseOtherModels(names: readonly string[]): void {
  const encoder = names.find((name) => /encoder/.test(name));
  if (encoder !== undefined) {
    throw new Error(
      `model: an encoder-decoder (it has input ${encoder}); a decoder-only model is needed`,
    );
  }
  if (names.includes('use_cache_branch')) {
    throw new Error(
      'model: a merged decoder (it has input use_cache_branch): one branch has no cache, and the other was traced for a single token, so that no prompt can follow a cache; take the file model.onnx of a later export, or export it without merging',
    );
  }
  if (!names.includes('input_ids')) {
    throw new Error(
      `model: no input_ids (found inputs ${list(names)}); a decoder that takes token ids is needed`,
    );
  }
}

/** What was traced at one size has that size built in, in masks and in shapes. */
function refuseFixedSizes(
  input: ValueInfoProto | undefined,
  axes: readonly (string | null)[],
): void {
  const sizes = input === undefined ? null : dimensions(input);
  for (const [axis, what] of axes.entries()) {
    const size = sizes?.[axis];
    if (what === null || typeof size !== 'number') continue;
    throw new Error(
      `model: its ${input?.name ?? ''} take ${size} ${what} only (expected any number); export it with dynamic axes`,
    );
  }
}

function findInputs(names: readonly string[]): DecoderInputs {
  const first = (...candidates: string[]): string | null =>
    candidates.find((name) => names.includes(name)) ?? null;
  return {
    inputIds: 'input_ids',
    attentionMask: first('attention_mask'),
    positionIds: first('position_ids'),
    seqlensK: first('seqlens_k'),
    totalSequenceLength: first('total_sequence_length', 'total_seq_len'),
  };
}

function findLogits(outputs: readonly ValueInfoProto[]): ValueInfoProto {
  const logits = outputs.find(({ name }) => name === 'logits' || name === 'lm_logits');
  if (logits !== undefined) return logits;
  const names = outputs.map(({ name }) => name);
  throw new Error(
    `model: no logits (found outputs ${list(names)}); export it for text generation, with its head`,
  );
}

function findCache(index: GraphIndex, inputs: readonly ValueInfoProto[]): CacheTensor[] {
  const outputs = index.graph.output;
  const present = new Map(
    outputs.flatMap((info) => {
      const part = /present/.test(info.name) ? cachePart(info.name) : null;
      return part === null ? [] : [[`${part.layer}.${part.part}`, info] as const];
    }),
  );
  const cache = inputs.flatMap((info) => {
    const part = /past/.test(info.name) ? cachePart(info.name) : null;
    if (part === null) return [];
    const output = present.get(`${part.layer}.${part.part}`);
    if (output === undefined) {
      throw new Error(`cache: input ${info.name} has no present output (found ${found(outputs)})`);
    }
    return [{ ...part, present: output.name, ...cacheShape(index, info, output), past: info.name }];
  });
  if (cache.length === 0) {
    throw new Error(
      `model: no cache (found inputs ${found(inputs)}); export it with past keys and values`,
    );
  }
  return cache.sort((a, b) => a.layer - b.layer || a.part.localeCompare(b.part));
}

/** `past_key_values.3.key`, `past_3_key`, `past_key_3`, `present.3.value`, … */
function cachePart(name: string): { layer: number; part: 'key' | 'value' } | null {
  const layer = /\d+/.exec(name)?.[0];
  const rest = name.replace(/key_values/, '');
  const part = (['key', 'value'] as const).find((word) => rest.includes(word));
  return layer === undefined || part === undefined ? null : { layer: Number(layer), part };
}

function cacheShape(
  index: GraphIndex,
  past: ValueInfoProto,
  present: ValueInfoProto,
): Pick<CacheTensor, 'heads' | 'headDim' | 'type'> {
  const [a, b] = [dimensions(past), dimensions(present)];
  if (a?.length !== 4) {
    throw new Error(
      `cache: ${past.name} has ${a?.length ?? 'no'} dimensions (expected [B, heads, past, headDim])`,
    );
  }
  const size = (axis: number, otherwise: number | null): number => {
    const value = [a[axis], b?.[axis], otherwise].find((dim) => typeof dim === 'number');
    if (typeof value === 'number') return value;
    throw new Error(
      `cache: dimension ${axis} of ${past.name} is not fixed (expected [B, heads, past, headDim] with heads and headDim as numbers)`,
    );
  };
  const headDim = size(3, fusedHeadSize(index, past.name));
  return {
    heads: size(1, null),
    headDim,
    type: floatType(`cache ${past.name}`, elementType(past)),
  };
}

/** @throws Error where the type is neither float32 nor float16. */
export function floatType(subject: string, type: DataType): FloatType {
  if (type === DataType.FLOAT) return 'float32';
  if (type === DataType.FLOAT16) return 'float16';
  throw new Error(
    `${subject}: element type ${DataType[type] ?? type} is not supported (expected float32 or float16)`,
  );
}

function found(infos: readonly ValueInfoProto[]): string {
  return list(infos.map(({ name }) => name));
}

function list(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown}, … (${names.length})` : shown;
}
