/** A small decoder whose weights lie in files beside the graph. */
import { create } from '@bufbuild/protobuf';
import { StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import type { TensorProto } from 'onnx-buf';
import { parseModel, serializeModel } from '../../src/onnx/model.js';

export interface ExternalModel {
  graph: Uint8Array;
  /** By name: `model.onnx_data`, `model.onnx_data_1`. */
  weights: ReadonlyMap<string, Uint8Array>;
}

export interface ExternalOptions {
  /** Bytes of the smallest weight that is moved. Default 1000. */
  smallest?: number;
  /** Files that take the weights by turns. */
  files?: readonly string[];
}

/** Moves the larger weights of a model out; weights of the same content share one place. */
export function toExternal(
  model: Uint8Array,
  { smallest = 1000, files = ['model.onnx_data', 'model.onnx_data_1'] }: ExternalOptions = {},
): ExternalModel {
  const { model: parsed, graph } = parseModel(model);
  const pieces = new Map(files.map((name): [string, Uint8Array[]] => [name, []]));
  const places = new Map<string, Place>();
  const large = graph.initializer.filter(({ rawData }) => rawData.length >= smallest);
  large.forEach((tensor, i) => {
    const content = Buffer.from(tensor.rawData).toString('latin1');
    const location = files[i % files.length] ?? '';
    const before = pieces.get(location) ?? [];
    const offset = String(before.reduce((sum, { length }) => sum + length, 0));
    const place = places.get(content) ?? { location, offset, length: String(content.length) };
    if (!places.has(content)) before.push(tensor.rawData);
    places.set(content, place);
    moveOut(tensor, place);
  });
  const weights = [...pieces].map(([name, parts]) => [name, Buffer.concat(parts)] as const);
  return { graph: serializeModel(parsed), weights: new Map(weights) };
}

type Place = Readonly<Record<'location' | 'offset' | 'length', string>>;

/** Makes a weight external, with the entries given, sensible or not. */
export function moveOut(tensor: TensorProto, place: Readonly<Record<string, string>>): void {
  tensor.externalData = Object.entries(place).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
  tensor.rawData = new Uint8Array();
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
}
