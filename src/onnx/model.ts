/**
 * Bytes to ONNX's ModelProto and back (onnx.proto of ONNX 1.20, over protobuf-es). Weights stay
 * views on the file's bytes; nothing is copied before the edited model is written.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from 'onnx-buf';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from 'onnx-buf';
import { checkModel } from './checkGraph.js';
import { tensorsOf } from './tensors.js';
import { scopesOf } from './walk.js';
import { checkWire } from './wire.js';

/** A protobuf message cannot be larger; weights beyond it belong in external data. */
const maxMessageBytes = 2 ** 31 - 1;
/** Below it, `Split`, `Unsqueeze` and `ReduceSum` take their axes as attributes. */
const minOpset = 13;

/** A model that is known to have a graph and a default operator set. */
export interface ParsedModel {
  model: ModelProto;
  graph: GraphProto;
  /** Version of the default operator set. */
  opset: number;
}

/**
 * Reads a model.
 *
 * @throws Error where the bytes are not ONNX, are cut off, would not fit into memory, break the
 * rules that {@link checkModel} lists, or need an operator set of before 13.
 */
export function parseModel(bytes: Uint8Array): ParsedModel {
  const model = decode(bytes);
  const graph = model.graph;
  if (graph === undefined || graph.node.length === 0) {
    throw new Error('model: not an ONNX model (no graph in it); pass the .onnx file itself');
  }
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = Number(opset?.version ?? 0n);
  if (version < minOpset) {
    throw new Error(
      `model: operator set is too old (expected at least ${minOpset}, got ${version}); export it again`,
    );
  }
  checkModel(model, graph);
  return { model, graph, opset: version };
}

/**
 * Writes a model.
 *
 * @throws Error where it would not fit into one protobuf message.
 */
export function serializeModel(model: ModelProto): Uint8Array {
  let weights = 0;
  for (const { rawData } of tensorsOf(model)) weights += rawData.length;
  // Before it is written: the writer would ask for twice as much memory first.
  refuseTooLarge(weights);
  return joined(partsOf(model));
}

/**
 * The bytes of a model, piece by piece. The protobuf writer would copy weights at every level that they
 * lie in, which takes most of the time of opening a model; here they are pieces of their own.
 */
function partsOf(model: ModelProto): Uint8Array[] {
  const { graph, ...rest } = model;
  const head = toBinary(ModelProtoSchema, rest);
  return graph ? [head, ...field(fields.graph, graphParts(graph))] : [head];
}

function graphParts(graph: GraphProto): Uint8Array[] {
  const { node, initializer, ...rest } = graph;
  return [
    ...node.flatMap((one) => field(fields.node, nodeParts(one))),
    toBinary(GraphProtoSchema, { ...rest, node: [], initializer: [] }),
    ...initializer.flatMap((tensor) => {
      const { rawData, ...about } = tensor;
      const parts: Uint8Array[] = [toBinary(TensorProtoSchema, about as TensorProto)];
      if (rawData.length > 0) parts.push(...field(fields.rawData, [rawData]));
      return field(fields.initializer, parts);
    }),
  ];
}

/** The body of a loop is an attribute of its node. */
function nodeParts(node: NodeProto): Uint8Array[] {
  const { attribute, ...rest } = node;
  if (attribute.every(({ g }) => g === undefined)) return [toBinary(NodeProtoSchema, node)];
  return [
    toBinary(NodeProtoSchema, { ...rest, attribute: [] }),
    ...attribute.flatMap(({ g, ...about }) => {
      const parts: Uint8Array[] = [toBinary(AttributeProtoSchema, about)];
      if (g) parts.push(...field(fields.attributeGraph, graphParts(g)));
      return field(fields.attribute, parts);
    }),
  ];
}

/** Numbers in onnx.proto: of ModelProto, GraphProto, NodeProto, AttributeProto and TensorProto. */
const fields = {
  ...{ graph: 7, node: 1, initializer: 5 },
  ...{ attribute: 5, attributeGraph: 6, rawData: 9 },
} as const;

/** A field of bytes or of a message: what stands before its content, and its content. */
function field(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const lengthDelimited = 2;
  const start = new BinaryWriter().tag(number, lengthDelimited).uint32(length).finish();
  return [start, ...content];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  refuseTooLarge(size);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refuseTooLarge(bytes: number): void {
  if (bytes <= maxMessageBytes) return;
  throw new Error(
    `model: too large for one file (expected at most ${maxMessageBytes} bytes, got ${bytes}); store its weights as external data`,
  );
}

/**
 * Writes the default domain in its short form. Both are valid; ONNX Runtime's check of the nodes
 * inside a Loop knows only the short one.
 */
export function normaliseDomain(model: ModelProto): void {
  const opsets = [model.opsetImport, ...model.functions.map(({ opsetImport }) => opsetImport)];
  const nodes = [...scopesOf(model)].flatMap((scope) => scope.nodes);
  for (const one of [...opsets.flat(), ...nodes]) if (one.domain === 'ai.onnx') one.domain = '';
}

function decode(bytes: Uint8Array): ModelProto {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 40));
  if (start.startsWith('version https://git-lfs')) {
    throw new Error('model: a Git LFS pointer, not the file; run git lfs pull');
  }
  if (bytes.length === 0) throw new Error('model: empty (0 bytes); download it again');
  checkWire(bytes, ModelProtoSchema);
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`model: not an ONNX model, cut off or damaged (${reason}); check the file`, {
      cause: error,
    });
  }
}
