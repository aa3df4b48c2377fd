/**
 * Proxy-tuning (Liu et al. 2024) as one graph: logits of a base model, moved by what a small expert
 * says beyond a small anti-expert: base + α · (expert − anti-expert).
 *
 * The three decoders share their inputs; each keeps a cache of its own. The result is a decoder like
 * any other: it is steered and read in the base's residual stream, and generates in one loop.
 */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { GraphProto, ModelProto } from 'onnx-buf';
import { GraphWriter, valueInfo } from './build.js';
import { renameTensors } from './graph.js';
import { readDecoder } from './inspect.js';
import type { DecoderGraph } from './inspect.js';
import { serializeModel } from './model.js';
import { proxyPrefix } from './names.js';
import { toFloat } from './steer.js';
import { isExternal, tensorsOf } from './tensors.js';

/** Bytes of three ONNX decoders of one vocabulary. */
export interface ProxyModels {
  base: Uint8Array;
  expert: Uint8Array;
  antiExpert: Uint8Array;
  /** α; 0 leaves the base as it is. */
  alpha: number;
}

/**
 * Builds the graph.
 *
 * @throws Error where one is no decoder with a cache; where they differ in vocabulary, operator set,
 * inputs or masking; where the weights of an expert lie in other files
 */
export function proxyTuned({ base, expert, antiExpert, alpha }: ProxyModels): Uint8Array {
  if (!Number.isFinite(alpha)) throw new Error(`proxy: alpha must be a number (got ${alpha})`);
  const whole = readDecoder(base);
  const { model, graph } = whole.parsed;
  const { output } = whole.layout.logits;
  const vocabulary = whole.layout.vocabulary;
  const writer = new GraphWriter(`${proxyPrefix}sum`);
  let firstLayer = 1 + Math.max(...whole.layout.cache.map(({ layer }) => layer));
  const moved = Object.entries({ expert, 'anti-expert': antiExpert }).map(([role, bytes]) => {
    const decoder = readDecoder(bytes);
    checkAlike(whole, decoder, role);
    importOperators(model, decoder.parsed.model);
    const logits = joinGraph(graph, decoder, { role, firstLayer, writer });
    firstLayer += decoder.layout.cache.length / 2;
    return logits;
  });
  const own = `${proxyPrefix}base`;
  renameTensors(graph.node, new Map([[output, own]]));
  const beyond = writer.node('Sub', moved);
  const weighted = writer.node('Mul', [beyond, writer.scalar(alpha)]);
  // Not Add: what follows the head is then not taken for a bias, and positions are gathered after.
  writer.node('Sum', [inFloat(whole, own, writer), weighted], { outputs: [output] });
  graph.node.push(...writer.nodes);
  graph.initializer.push(...writer.initializers);
  graph.valueInfo = [];
  const logits = valueInfo(output, DataType.FLOAT, [null, null, vocabulary]);
  graph.output = graph.output.map((info) => (info.name === output ? logits : info));
  return serializeModel(model);
}

function checkAlike(base: DecoderGraph, other: DecoderGraph, role: string): void {
  const described = ({ layout }: DecoderGraph): [string, string | number][] => [
    ['vocabulary', layout.vocabulary],
    ['operator set', layout.opset],
    ['cache', layout.attention],
    ['inputs', Object.values<string | null>({ ...layout.inputs }).join(' ')],
  ];
  const found = new Map(described(other));
  for (const [what, expected] of described(base)) {
    if (found.get(what) === expected) continue;
    throw new Error(
      `proxy: the ${role} has another ${what} than the base (expected ${expected}, got ${found.get(what)}); the three must be exported alike`,
    );
  }
  const { model } = other.parsed;
  if ([...tensorsOf(model)].some(isExternal) || model.functions.length > 0) {
    throw new Error(
      `proxy: the ${role} has weights in other files, or functions (expected one plain file); export it as one`,
    );
  }
}

/** Operator sets of other domains that the base does not name. */
function importOperators(base: ModelProto, other: ModelProto): void {
  const known = new Set(base.opsetImport.map(({ domain }) => domain));
  base.opsetImport.push(...other.opsetImport.filter(({ domain }) => !known.has(domain)));
}

/**
 * Puts a decoder beside the base, on the same inputs; its caches are numbered from `firstLayer`.
 * Returns its logits `[B, S, V]`, float32.
 */
function joinGraph(
  graph: GraphProto,
  decoder: DecoderGraph,
  { role, firstLayer, writer }: { role: string; firstLayer: number; writer: GraphWriter },
): string {
  const { layout, index } = decoder;
  const own = decoder.parsed.graph;
  const shared = new Set(Object.values<string | null>({ ...layout.inputs }));
  const names = new Map<string, string>();
  for (const { name } of [...own.input, ...own.initializer]) {
    if (!shared.has(name)) names.set(name, `${proxyPrefix}${role}/${name}`);
  }
  for (const { output } of index.nodes) {
    for (const name of output) if (name !== '') names.set(name, `${proxyPrefix}${role}/${name}`);
  }
  layout.cache.forEach(({ past, present, part }, i) => {
    const layer = firstLayer + Math.floor(i / 2);
    names.set(past, `${proxyPrefix}past.${layer}.${part}`);
    names.set(present, `${proxyPrefix}present.${layer}.${part}`);
  });
  const renamed = (name: string): string => names.get(name) ?? name;
  renameTensors(index.nodes, names);
  for (const node of index.nodes)
    if (node.name !== '') node.name = `${proxyPrefix}${role}/${node.name}`;
  for (const info of [...own.input, ...own.output, ...own.initializer])
    info.name = renamed(info.name);
  const caches = new Set(
    layout.cache.flatMap(({ past, present }) => [renamed(past), renamed(present)]),
  );
  graph.node.push(...index.nodes);
  graph.initializer.push(...own.initializer);
  graph.input.push(...own.input.filter(({ name }) => caches.has(name)));
  graph.output.push(...own.output.filter(({ name }) => caches.has(name)));
  return inFloat(decoder, renamed(layout.logits.output), writer);
}

function inFloat({ index, layout }: DecoderGraph, logits: string, writer: GraphWriter): string {
  const type: DataType | undefined = index.types.get(layout.logits.output);
  return type === DataType.FLOAT ? logits : toFloat(writer, logits);
}
