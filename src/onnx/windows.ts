/** Caches that keep a window only, made to keep everything. */
import type { GraphProto } from 'onnx-buf';
import { attribute } from './graph.js';

const windowed = 'sliding_window_cache';

/**
 * Lets fused attentions with a window keep the whole of their cache, as the others do. What a
 * token sees is the window still (`local_window_size`); only the buffer is another: the exporter
 * (ONNX Runtime GenAI, for Gemma) has the caller hand in one of fixed size, which every call turns
 * over, so that no earlier state of it is left to go back to.
 *
 * @returns whether there were any
 */
export function keepWholeCaches(graph: GraphProto): boolean {
  const nodes = graph.node.filter((node) => attribute(node, windowed) !== undefined);
  for (const node of nodes) {
    node.attribute = node.attribute.filter(({ name }) => name !== windowed);
  }
  return nodes.length > 0;
}
