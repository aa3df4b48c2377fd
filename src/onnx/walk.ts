/** Every list of nodes in a model: its graph's, those of the graphs inside nodes, its functions'. */
import type { GraphProto, ModelProto, NodeProto } from 'onnx-buf';

/** Nodes that share their names; `graph` is null for the body of a function. */
export interface Scope {
  nodes: readonly NodeProto[];
  graph: GraphProto | null;
}

/** Goes through a model, outer scopes before those inside their nodes. */
export function* scopesOf({ graph, functions }: ModelProto): Generator<Scope> {
  if (graph !== undefined) yield* scopesFrom({ nodes: graph.node, graph });
  for (const { node } of functions) yield* scopesFrom({ nodes: node, graph: null });
}

/** A scope and all scopes inside it; however deep they are, the stack is not. */
export function* scopesFrom(scope: Scope): Generator<Scope> {
  const open = [scope];
  for (const next of open) {
    yield next;
    for (const { attribute } of next.nodes) {
      for (const { g, graphs } of attribute) {
        for (const graph of g ? [g, ...graphs] : graphs) open.push({ nodes: graph.node, graph });
      }
    }
  }
}
