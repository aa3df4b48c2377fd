/**
 * The nodes that every path from one node to another passes through, in order.
 *
 * In a directed acyclic graph a node's immediate dominator is the nearest common ancestor of its
 * predecessors in the dominator tree, so one pass in topological order finds the whole tree.
 */
import type { GraphIndex } from './graph.js';

/** Operators whose output tells of a tensor's shape, not of its values. */
const shapeOperators = new Set(['Shape', 'Size', 'ConstantOfShape']);

/** The part of a graph through which data flow from a source node to a sink node. */
export interface Flow {
  source: number;
  sink: number;
  /** Nodes on some path, source and sink included. */
  on: Set<number>;
  /** Immediate dominator of every node on a path but the source. */
  dominator: Map<number, number>;
  /** The sink's dominators, from source to sink. */
  chain: number[];
}

/** Follows the data; null where none reach the sink. */
export function traceFlow(index: GraphIndex, source: number, sink: number): Flow | null {
  const forward = reach(source, (i) => successors(index, i));
  if (!forward.has(sink)) return null;
  const backward = reach(sink, (i) => predecessors(index, i));
  const on = new Set([...forward].filter((i) => backward.has(i)).sort((a, b) => a - b));
  const dominator = findDominators(index, source, on);
  const chain = [sink];
  for (let at = sink; at !== source;) {
    at = dominator.get(at) ?? source;
    chain.push(at);
  }
  return { source, sink, on, dominator, chain: chain.reverse() };
}

function findDominators(index: GraphIndex, source: number, on: Set<number>): Map<number, number> {
  const dominator = new Map<number, number>();
  const depth = new Map<number, number>([[source, 0]]);
  const meet = (a: number, b: number): number => {
    let [x, y] = [a, b];
    while (x !== y) {
      if ((depth.get(x) ?? 0) >= (depth.get(y) ?? 0)) x = dominator.get(x) ?? source;
      else y = dominator.get(y) ?? source;
    }
    return x;
  };
  for (const i of on) {
    if (i === source) continue;
    const before = predecessors(index, i).filter((j) => on.has(j));
    const parent = before.reduce(meet);
    dominator.set(i, parent);
    depth.set(i, (depth.get(parent) ?? 0) + 1);
  }
  return dominator;
}

function reach(start: number, next: (i: number) => number[]): Set<number> {
  const seen = new Set([start]);
  for (const i of seen) for (const j of next(i)) seen.add(j);
  return seen;
}

/** Nodes that use what node i makes, those that only ask for its shape left out. */
export function successors(index: GraphIndex, i: number): number[] {
  const used = index.nodes[i]?.output.flatMap((name) => index.consumers.get(name) ?? []) ?? [];
  return used.filter((j) => !shapeOperators.has(index.nodes[j]?.opType ?? ''));
}

/** Nodes whose values node i uses. */
export function predecessors(index: GraphIndex, i: number): number[] {
  if (shapeOperators.has(index.nodes[i]?.opType ?? '')) return [];
  return (index.reads[i] ?? []).flatMap((name) => index.producer.get(name) ?? []);
}
