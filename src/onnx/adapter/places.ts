/** Which product of a graph an adapter's module is, and which of its outputs. */
import { describe } from '../graph.js';
import type { DecoderGraph } from '../inspect.js';
import { nodeAt } from '../residual.js';
import type { Adapter, LowRank } from './file.js';
import { keyOf, keysOf, layerOf } from './names.js';
import { findProducts, refuseScaled } from '../products.js';
import type { Product } from '../products.js';
import { findRoles, roleOf } from './roles.js';

/** Where a module's product with its matrices goes. */
export interface Place {
  product: Product;
  module: string;
  low: LowRank;
  /** First of its outputs, where several modules share a product. */
  offset: number;
}

interface Search {
  decoder: DecoderGraph;
  products: Map<number, Product>;
  byKey: Map<string, Product[]>;
  /** Outputs of the keys' and of the values' product. */
  keySize: number;
}

/**
 * Finds every module of an adapter in a decoder.
 *
 * @throws Error where one is not there, may be several, is quantised, or is of another size
 */
export function placeAdapter(decoder: DecoderGraph, adapter: Adapter): Place[] {
  const { index, stream, layout } = decoder;
  const products = findProducts(index, stream.flow);
  const byKey = new Map<string, Product[]>();
  for (const product of products.values()) {
    for (const key of keysOf(index, product)) {
      byKey.set(key, [...(byKey.get(key) ?? []), product]);
    }
  }
  const [first] = layout.cache;
  const keySize = (first?.heads ?? 0) * (first?.headDim ?? 0);
  const search = { decoder, products, byKey, keySize };
  return [...adapter].map(([module, low]) => check(search, place(search, module, low)));
}

function place(search: Search, module: string, low: LowRank): Place {
  const { byKey, decoder, products } = search;
  const layer = layerOf(module);
  if (layer !== null && layer >= decoder.layout.layers) {
    throw new Error(
      `adapter: it has ${module}, and the model has ${decoder.layout.layers} layers; name the model that it was trained on`,
    );
  }
  const named = byKey.get(keyOf(module)) ?? [];
  if (named.length > 1) {
    const nodes = named.map(({ node }) => describe(nodeAt(decoder.index, node)));
    throw new Error(`adapter: ${module} may be ${nodes.join(' or ')}; export the model again`);
  }
  if (named[0]) return { product: named[0], module, low, offset: 0 };
  const packed = packedPlace(search, module, low);
  if (packed) return packed;
  const role = roleOf(module);
  const told = layer === null || role === null ? new Map() : findRoles(decoder, products, layer);
  const product = told.get(role) as Product | undefined;
  if (product) return { product, module, low, offset: 0 };
  throw new Error(
    `adapter: ${module} is not found in the graph, neither by name nor by what its products are for; export the model with node names (Optimum, GenAI), or merge the adapter with PEFT first`,
  );
}

/** GenAI's builder joins queries, keys and values, in this order. */
function packedPlace({ byKey, keySize }: Search, module: string, low: LowRank): Place | null {
  const key = keyOf(module);
  const part = /\.attn\.([qkv])_proj$/.exec(key)?.[1];
  const [product] = byKey.get(key.replace(/[qkv]_proj$/, 'qkv_proj')) ?? [];
  if (part === undefined || product === undefined) return null;
  const [, total] = product.shape ?? [0, 0];
  const offset = { q: 0, k: total - 2 * keySize, v: total - keySize }[part] ?? 0;
  const size = part === 'q' ? total - 2 * keySize : keySize;
  // Another size is refused with the shape of the part.
  const own: Product = product.shape ? { ...product, shape: [product.shape[0], size] } : product;
  return { product: own, module, low, offset };
}

function check({ decoder: { index } }: Search, found: Place): Place {
  const { product, module, low } = found;
  const node = describe(nodeAt(index, product.node));
  if (product.shape === null) {
    throw new Error(
      `adapter: ${module} is ${node}, whose weights are quantised: a small sum would be rounded away; name the model in fp32, fp16 or bf16`,
    );
  }
  refuseScaled(index, product);
  const [into, out] = product.shape;
  if (low.a.shape[1] === into && low.b.shape[0] === out) return found;
  throw new Error(
    `adapter: ${module} is of another size than ${node} (expected ${into} inputs and ${out} outputs, got ${low.a.shape[1]} and ${low.b.shape[0]}); name the model that it was trained on`,
  );
}
