/** A small decoder whose weights lie in two files beside the graph. */
import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { parseModel, serializeModel } from '../../src/onnx/model.js';

export interface ExternalModel {
  graph: Uint8Array;
  /** By name: `model.onnx_data`, `model.onnx_data_1`. */
  weights: ReadonlyMap<string, Uint8Array>;
}

const smallest = 1000;

/** Moves the larger weights of a model out, by turns into the one file and the other. */
export function toExternal(model: Uint8Array): ExternalModel {
  const { model: parsed, graph } = parseModel(model);
  const files = new Map<string, Uint8Array[]>([
    ['model.onnx_data', []],
    ['model.onnx_data_1', []],
  ]);
  const large = graph.initializer.filter(({ rawData }) => rawData.length >= smallest);
  large.forEach((tensor, i) => {
    const location = i % 2 === 0 ? 'model.onnx_data' : 'model.onnx_data_1';
    const pieces = files.get(location) ?? [];
    const offset = pieces.reduce((sum, { length }) => sum + length, 0);
    pieces.push(tensor.rawData);
    moveOut(tensor, { location, offset: String(offset), length: String(tensor.rawData.length) });
  });
  const weights = [...files].map(([name, pieces]) => [name, Buffer.concat(pieces)] as const);
  return { graph: serializeModel(parsed), weights: new Map(weights) };
}

function moveOut(tensor: TensorProto, place: Readonly<Record<string, string>>): void {
  tensor.externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
}
