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
  const tree = new DominatorTree(source);
  for (const i of on) {
    if (i === source) continue;
    const before = predecessors(index, i).filter((j) => on.has(j));
    tree.add(
      i,
      before.reduce((a, b) => tree.meet(a, b)),
    );
  }
  return tree.parents;
}

/**
 * A tree that grows at its leaves and finds common ancestors in logarithmic time: besides its
 * parent, every node knows one ancestor further up (Myers, An applicative random-access stack,
 * Information Processing Letters 17, 1983).
 */
class DominatorTree {
  readonly parents = new Map<number, number>();
  readonly #depth = new Map<number, number>();
  readonly #jump = new Map<number, number>();

  constructor(readonly root: number) {
    this.#depth.set(root, 0);
  }

  add(node: number, parent: number): void {
    const far = this.#up(this.#jump, parent);
    const further = this.#up(this.#jump, far);
    const even = this.#at(parent) - this.#at(far) === this.#at(far) - this.#at(further);
    this.parents.set(node, parent);
    this.#depth.set(node, this.#at(parent) + 1);
    this.#jump.set(node, even ? further : parent);
  }

  /** The nearest common ancestor of two nodes. */
  meet(a: number, b: number): number {
    let [x, y] = this.#at(a) >= this.#at(b) ? [a, b] : [b, a];
    while (this.#at(x) > this.#at(y)) {
      const far = this.#up(this.#jump, x);
      x = this.#at(far) >= this.#at(y) ? far : this.#up(this.parents, x);
    }
    while (x !== y) {
      const [left, right] = [this.#up(this.#jump, x), this.#up(this.#jump, y)];
      const steps = left === right ? this.parents : this.#jump;
      [x, y] = [this.#up(steps, x), this.#up(steps, y)];
    }
    return x;
  }

  #at(node: number): number {
    return this.#depth.get(node) ?? 0;
  }

  #up(steps: ReadonlyMap<number, number>, node: number): number {
    return steps.get(node) ?? this.root;
  }
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
