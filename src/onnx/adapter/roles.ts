/**
 * What the products of a block are for, told from the flow of the data where names are gone: keys
 * and values are what the cache holds, the output is what follows them, and so on.
 */
import { predecessors, successors } from '../dominators.js';
import type { GraphIndex } from '../graph.js';
import { nodeAt } from '../residual.js';
import type { DecoderGraph } from '../inspect.js';
import { keyOf } from './names.js';
import type { Product } from '../products.js';

export type Role = 'q' | 'k' | 'v' | 'qkv' | 'o' | 'gate' | 'up' | 'down';

/** Modules by the ends of their names. */
const roleNames: readonly (readonly [RegExp, Role])[] = [
  [/\.attn\.q_proj$/, 'q'],
  [/\.attn\.k_proj$/, 'k'],
  [/\.attn\.v_proj$/, 'v'],
  [/\.attn\.(qkv_proj|c_attn|query_key_value|qkv)$/, 'qkv'],
  [/\.attn\.(o_proj|out_proj|c_proj|dense)$/, 'o'],
  [/\.gate_proj$/, 'gate'],
  [/\.(up_proj|c_fc|dense_h_to_4h|fc_in|fc1)$/, 'up'],
  [/\.(down_proj|mlp\.c_proj|dense_4h_to_h|fc_out|fc2)$/, 'down'],
];

export function roleOf(module: string): Role | null {
  return roleNames.find(([ends]) => ends.test(`.${keyOf(module)}`))?.[1] ?? null;
}

type Products = ReadonlyMap<number, Product>;

/** The products of one block by role; a role that is not told, or by two, is absent. */
export function findRoles(
  decoder: Pick<DecoderGraph, 'index' | 'stream' | 'layout'>,
  products: Products,
  layer: number,
): Map<Role, Product> {
  const { index, stream } = decoder;
  const end = stream.nodes[layer];
  const begin = layer === 0 ? stream.flow.source : stream.nodes[layer - 1];
  if (end === undefined || begin === undefined) return new Map();
  const upstream = (from: readonly number[]): number[] => nearest(index, products, from, begin);
  const inBlock = new Set(upstream([end]));
  for (const i of inBlock) upstream(predecessors(index, i)).forEach((j) => inBlock.add(j));
  const before = new Map([...inBlock].map((i) => [i, upstream(predecessors(index, i))]));
  const [k = [], v = []] = cacheSources(decoder, layer).map(upstream);
  const roles = new Map<Role, number[]>();
  const outputs = [...inBlock].filter((i) => before.get(i)?.includes(v[0] ?? -1));
  const asked = (before.get(outputs[0] ?? -1) ?? []).filter((i) => i !== k[0] && i !== v[0]);
  if (k[0] === v[0] && asked.length === 0) roles.set('qkv', k);
  else roles.set('q', asked).set('k', k).set('v', v);
  roles.set('o', outputs);
  const attention = new Set([...roles.values()].flat());
  const rest = [...inBlock].filter((i) => !attention.has(i));
  const isDown = (i: number): boolean => before.get(i)?.some((j) => rest.includes(j)) ?? false;
  roles.set('down', rest.filter(isDown));
  const inner = rest.filter((i) => !isDown(i));
  // What is only multiplied goes past the activation: the gate is the other one.
  const plain = inner.filter((i) => successors(index, i).every((j) => isMul(index, j)));
  if (inner.length === 1) roles.set('up', inner);
  if (inner.length === 2) {
    roles.set('up', plain).set(
      'gate',
      inner.filter((i) => !plain.includes(i)),
    );
  }
  const single = [...roles].filter(([, nodes]) => nodes.length === 1);
  return new Map(
    single.flatMap(([role, [node = -1]]) => {
      const product = products.get(node);
      return product ? [[role, product] as const] : [];
    }),
  );
}

function isMul(index: GraphIndex, i: number): boolean {
  return nodeAt(index, i).opType === 'Mul';
}

/** The nodes that the cache's keys and values of a layer come from. */
function cacheSources(
  { index, layout }: Pick<DecoderGraph, 'index' | 'layout'>,
  layer: number,
): number[][] {
  const layers = [...new Set(layout.cache.map((tensor) => tensor.layer))].sort((a, b) => a - b);
  return (['key', 'value'] as const).map((part, which) => {
    const tensor = layout.cache.find((one) => one.layer === layers[layer] && one.part === part);
    const made = index.producer.get(tensor?.present ?? '');
    if (made === undefined) return [];
    const node = nodeAt(index, made);
    if (!/Attention$/.test(node.opType)) return [made];
    // A fused attention takes queries, keys and values, or all in one.
    const given = node.input[which + 1] ?? '';
    return [index.producer.get(given === '' ? (node.input[0] ?? '') : given) ?? -1];
  });
}

/** The products that the data pass last before the given nodes, these included. */
function nearest(
  index: GraphIndex,
  products: Products,
  from: readonly number[],
  begin: number,
): number[] {
  const seen = new Set(from.filter((i) => i >= 0 && i !== begin));
  const found: number[] = [];
  for (const i of seen) {
    if (products.has(i)) found.push(i);
    else for (const j of predecessors(index, i)) if (j !== begin) seen.add(j);
  }
  return found;
}
