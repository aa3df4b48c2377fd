/** Weights that a graph keeps in other files. */
import { TensorProto_DataLocation } from 'onnx-buf';
import type { GraphProto, TensorProto } from 'onnx-buf';
import { parseModel, serializeModel } from './model.js';

/**
 * Renames the files that a model's weights lie in; the model is otherwise the same.
 *
 * @param model bytes of the ONNX file
 * @param rename from a location as the graph has it, relative to the ONNX file, to the new one
 * @throws Error where the bytes are no ONNX model
 */
export function renameExternalData(
  model: Uint8Array,
  rename: (location: string) => string,
): Uint8Array {
  const parsed = parseModel(model);
  for (const tensor of tensorsOf(parsed.graph)) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    for (const entry of tensor.externalData) {
      if (entry.key === 'location') entry.value = rename(entry.value);
    }
  }
  return serializeModel(parsed.model);
}

/** Weights of a graph, of its constants, and of the graphs inside its nodes. */
function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { attribute } of graph.node) {
    for (const { t, g, tensors, graphs } of attribute) {
      yield* t ? [t, ...tensors] : tensors;
      for (const inner of g ? [g, ...graphs] : graphs) yield* tensorsOf(inner);
    }
  }
}
