/**
 * What a module of Hugging Face's is called in a graph. PyTorch's exporter and GenAI's builder name
 * nodes `/model/layers.0/self_attn/q_proj/MatMul`, others name the initialiser
 * `model.layers.0.self_attn.q_proj.weight`, or keep the scope in the node's metadata.
 */
import { nodeAt } from '../residual.js';
import type { GraphIndex } from '../graph.js';
import type { Product } from '../products.js';

/** The names a product goes by: of its node, its output, its weights, its scopes. */
export function keysOf(index: GraphIndex, { node, weight }: Product): Set<string> {
  const { name, output, metadataProps } = nodeAt(index, node);
  const scopes = metadataProps.find(({ key }) => key === 'pkg.torch.onnx.name_scopes')?.value ?? '';
  const quoted = [...scopes.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  const labels = [name, output[0] ?? '', weight?.tensor.name ?? '', ...quoted];
  return new Set(labels.map(keyOf).filter((key) => key !== ''));
}

/** Ends that are no part of a module's name. */
const ending =
  /\.(weight|T|fp32|output_0|quant|linear|addmm|mm|matmul|(MatMul|Gemm|FusedMatMul|MatMulNBits)(_\w+)?)$/;
const attention = /^(self_attn|self_attention|attention|attn)$/;

/**
 * A name from its layer's number on, e.g. `0.attn.q_proj`, so that wrappers around the model and the
 * different names of attentions do not count; of a module outside the layers its last word.
 */
export function keyOf(label: string): string {
  let name = label.replaceAll(/[/:]+/g, '.').replace(/^\.+/, '');
  while (ending.test(name)) name = name.replace(ending, '');
  const words = name.split('.').map((word) => (attention.test(word) ? 'attn' : word));
  const layer = words.findIndex((word) => /^\d+$/.test(word));
  return layer < 0 ? (words.at(-1) ?? '') : words.slice(layer).join('.');
}

/** The layer's number, or null where the module is outside the layers. */
export function layerOf(module: string): number | null {
  const number = /^(\d+)\./.exec(keyOf(module))?.[1];
  return number === undefined ? null : Number(number);
}
