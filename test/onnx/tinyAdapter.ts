/** Small LoRA adapters with planted numbers, and what they do to weights, by hand. */
import type { TensorProto } from 'onnx-buf';
import type { AdapterFiles } from '../../src/onnx/adapter/file.js';
import { readNumbers } from '../../src/onnx/numbers.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { writeSafetensors, type FloatTensor } from '../../src/tensors/safetensors.js';

export interface Size {
  into: number;
  out: number;
}

export interface TinyAdapter extends AdapterFiles {
  tensors: Map<string, FloatTensor>;
}

export const settings = { peft_type: 'LORA', r: 2, lora_alpha: 6, bias: 'none' };

/** An adapter of rank 2 and α 6 for modules of the sizes given. */
export function tinyAdapter(
  modules: Readonly<Record<string, Size>>,
  config: Readonly<Record<string, unknown>> = {},
): TinyAdapter {
  const tensors = new Map<string, FloatTensor>();
  let seed = 1;
  for (const [module, { into, out }] of Object.entries(modules)) {
    tensors.set(`base_model.model.${module}.lora_A.weight`, planted([2, into], seed++));
    tensors.set(`base_model.model.${module}.lora_B.weight`, planted([out, 2], seed++));
  }
  return { tensors, ...filesOf(tensors, config) };
}

export function filesOf(
  tensors: Map<string, FloatTensor>,
  config: Readonly<Record<string, unknown>> = {},
): AdapterFiles {
  const weights = writeSafetensors({ tensors, metadata: { format: 'pt' } });
  return { config: JSON.stringify({ ...settings, ...config }), weights };
}

/** Eighths, so that sums are exact. */
function planted(shape: readonly [number, number], seed: number): FloatTensor {
  const length = shape[0] * shape[1];
  const values = Float32Array.from({ length }, (_, i) => ((i * 37 + seed * 11) % 17) / 8 - 1);
  return { shape, values };
}

/** scale · B A of a module, `[out][in]`. */
export function productOf({ tensors }: TinyAdapter, module: string, scale = 3): number[][] {
  const a = tensors.get(`base_model.model.${module}.lora_A.weight`);
  const b = tensors.get(`base_model.model.${module}.lora_B.weight`);
  if (!a || !b) throw new Error(`no ${module}`);
  const [rank = 0, into = 0] = a.shape;
  return Array.from({ length: b.shape[0] ?? 0 }, (_, o) =>
    Array.from({ length: into }, (_, n) => {
      let sum = 0;
      for (let r = 0; r < rank; r++) {
        sum += (b.values[o * rank + r] ?? 0) * (a.values[r * into + n] ?? 0);
      }
      return scale * sum;
    }),
  );
}

/** Adds `[out][in]` to the weight `[in, out]` of that name; the model is otherwise the same. */
export function mergedByHand(
  model: Uint8Array,
  changes: ReadonlyMap<string, readonly (readonly number[])[]>,
): Uint8Array {
  const { model: parsed, graph } = parseModel(model);
  for (const tensor of graph.initializer) {
    const change = changes.get(tensor.name);
    if (change) addTo(tensor, change);
  }
  return serializeModel(parsed);
}

function addTo(tensor: TensorProto, change: readonly (readonly number[])[]): void {
  const values = readNumbers(tensor);
  const out = change.length;
  change.forEach((row, o) => {
    row.forEach((x, n) => (values[n * out + o] = (values[n * out + o] ?? 0) + x));
  });
  tensor.rawData = new Uint8Array(values.buffer, 0, values.byteLength);
}

/** Names of a tiny decoder's matrices in the order of its products: `[layer][product]`. */
export function matricesOf(model: Uint8Array, perLayer: number): string[][] {
  const { graph } = parseModel(model);
  const names = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const made = new Map(graph.node.map((node) => [node.output[0], node]));
  const source = (name: string): string => made.get(name)?.input[0] ?? name;
  const found = graph.node
    .filter(({ opType }) => opType === 'MatMul')
    .map(({ input }) => (names.has(input[1] ?? '') ? (input[1] ?? '') : source(input[1] ?? '')))
    // The rotary table has one row.
    .filter((name) => Number(names.get(name)?.dims[0] ?? 0n) > 1);
  const layers: string[][] = [];
  for (let i = 0; i + perLayer <= found.length; i += perLayer) {
    layers.push(found.slice(i, i + perLayer));
  }
  return layers;
}
