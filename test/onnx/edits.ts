/** Damages models for the tests of errors. */
import type { GraphProto, NodeProto } from 'onnx-buf';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { tinyDecoder } from './tinyDecoder.js';
import type { TinyOptions } from './tinyDecoder.js';

/** A tiny decoder with something changed in its graph. */
export function edited(options: TinyOptions, change: (graph: GraphProto) => void): Uint8Array {
  const { model, graph } = parseModel(tinyDecoder(options));
  change(graph);
  return serializeModel(model);
}

/** Renames an input or output everywhere. */
export function rename(graph: GraphProto, from: string, to: string): void {
  const renamed = (name: string): string => (name === from ? to : name);
  for (const info of [...graph.input, ...graph.output]) info.name = renamed(info.name);
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
  }
}

/** The first node of an operator. */
export function nodeOf({ node }: GraphProto, operator: string): NodeProto {
  const found = node.find(({ opType }) => opType === operator);
  if (found === undefined) throw new Error(`no ${operator}`);
  return found;
}
