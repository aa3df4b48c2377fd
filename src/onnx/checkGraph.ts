/** The rules of ONNX that graph surgery relies on, checked before anything follows the graph. */
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from 'onnx-buf';
import { describe } from './graph.js';
import type { GraphIndex } from './graph.js';
import { isOwnName, outputs } from './names.js';
import { checkWeight, tensorsOf } from './tensors.js';
import { scopesFrom, scopesOf } from './walk.js';
import type { Scope } from './walk.js';

/** Names end up in messages and on terminals; the longest of real exporters have about 300. */
const maxNameLength = 1000;
/** What calls of functions may come to when they are written out, and how deep they may nest. */
const maxExpandedNodes = 1_000_000;
const maxCallDepth = 50;

/**
 * Checks a model's weights, names and functions.
 *
 * @throws Error where a weight has other data than its shape says, a tensor is sparse, a name is
 * unprintable or given twice, or functions call each other without end
 */
export function checkModel(model: ModelProto, graph: GraphProto): void {
  for (const tensor of tensorsOf(model)) checkWeight(tensor);
  for (const scope of scopesOf(model)) {
    for (const name of namesOf(scope)) checkName(name);
    refuseSparse(scope);
  }
  const lists = { input: graph.input, output: graph.output, weight: graph.initializer };
  for (const [kind, list] of Object.entries(lists)) refuseTwins(kind, list);
  if (model.functions.length > 0) checkFunctions(model.functions, graph);
}

/**
 * Checks that everything that is read is made, once.
 *
 * @throws Error that names the node or output
 */
export function checkWiring({ graph, nodes, reads, producer, initializers }: GraphIndex): void {
  const given = new Set([...graph.input.map(({ name }) => name), ...initializers.keys()]);
  nodes.forEach((node, i) => {
    const absent = reads[i]?.find((name) => !given.has(name) && !producer.has(name));
    if (absent !== undefined) {
      throw new Error(
        `model: ${describe(node)} reads ${absent}, which nothing makes; export it again`,
      );
    }
    const taken = node.output.find((name) => given.has(name));
    if (taken !== undefined) {
      throw new Error(
        `model: ${describe(node)} makes ${taken}, which is an input or a weight; export it again`,
      );
    }
  });
  const absent = graph.output.find(({ name }) => !given.has(name) && !producer.has(name));
  if (absent !== undefined) {
    throw new Error(`model: nothing makes its output ${absent.name}; export it again`);
  }
}

/**
 * Checks that no tensor of a model has a name that the edits make up.
 *
 * @param logits the decoder's own output, the only one that may be called `logits`
 */
export function refuseOwnNames(model: ModelProto, logits: string): void {
  for (const scope of scopesOf(model)) {
    for (const name of tensorNamesOf(scope)) {
      if (!isOwnName(name) && (name !== outputs.logits || name === logits)) continue;
      throw new Error(
        `model: it has a tensor ${name}, a name that the instrumented graph needs for itself; pass the model as it was exported`,
      );
    }
  }
}

function* namesOf(scope: Scope): Generator<string> {
  for (const { name, opType, domain, attribute } of scope.nodes) {
    yield* [name, opType, domain];
    for (const one of attribute) yield one.name;
  }
  yield* tensorNamesOf(scope);
}

function* tensorNamesOf({ nodes, graph }: Scope): Generator<string> {
  for (const { input, output } of nodes) {
    yield* input;
    yield* output;
  }
  if (graph === null) return;
  const { input, output, valueInfo, initializer } = graph;
  for (const list of [input, output, valueInfo, initializer])
    for (const { name } of list) yield name;
}

function checkName(name: string): void {
  if (name.length <= maxNameLength && !/\p{Cc}/u.test(name)) return;
  throw new Error(
    `model: the name ${JSON.stringify(name.slice(0, 60))} (${name.length} characters) cannot be shown (expected at most ${maxNameLength} printable ones); export it again`,
  );
}

function refuseSparse({ nodes, graph }: Scope): void {
  const sparse = nodes.find(({ attribute }) =>
    attribute.some((one) => one.sparseTensor !== undefined || one.sparseTensors.length > 0),
  );
  if (sparse === undefined && (graph?.sparseInitializer.length ?? 0) === 0) return;
  const where = sparse === undefined ? 'weights' : `constants (${describe(sparse)})`;
  throw new Error(`model: it has sparse ${where} (expected dense ones); store them in full`);
}

function refuseTwins(kind: string, list: readonly { name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of list) {
    if (name === '') throw new Error(`model: one ${kind} has no name; export it again`);
    if (seen.has(name)) {
      throw new Error(`model: ${kind} ${name} is there twice; the file is not valid ONNX`);
    }
    seen.add(name);
  }
}

/** ONNX Runtime writes calls out, again and again where a function calls others twice. */
function checkFunctions(functions: readonly FunctionProto[], graph: GraphProto): void {
  const byName = new Map(functions.map((one) => [keyOf(one.domain, one.name, one.overload), one]));
  const sizes = new Map<FunctionProto, number>();
  const sizeOf = (nodes: readonly NodeProto[], depth: number): number => {
    let size = 0;
    for (const scope of scopesFrom({ nodes, graph: null })) {
      for (const { domain, opType, overload } of scope.nodes) {
        const called = byName.get(keyOf(domain, opType, overload));
        size += called === undefined ? 1 : sizeOfCall(called, depth + 1);
      }
    }
    return size;
  };
  const sizeOfCall = (called: FunctionProto, depth: number): number => {
    if (depth > maxCallDepth) {
      throw new Error(
        `model: its functions call each other without end or too deep (expected at most ${maxCallDepth} levels, at ${called.name}); export it without functions`,
      );
    }
    const size = sizes.get(called) ?? sizeOf(called.node, depth);
    sizes.set(called, size);
    return size;
  };
  const size = sizeOf(graph.node, 0);
  if (size > maxExpandedNodes) {
    throw new Error(
      `model: its functions come to ${size} nodes (expected at most ${maxExpandedNodes}); export it without functions`,
    );
  }
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}
