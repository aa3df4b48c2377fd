/** Makes nodes, constants and value infos, with names that cannot meet the decoder's own. */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf';

/** An attribute's value; numbers are integers unless wrapped by {@link float}. */
export type Attribute = number | readonly number[] | string | { float: number } | GraphProto;

/** A dimension: its size, or null where it varies. */
export type Dimension = number | null;

export interface NodeOptions {
  attributes?: Record<string, Attribute>;
  /** Names of the outputs; the first is made up where none is given. */
  outputs?: readonly string[];
  domain?: string;
}

/** Marks a number as a float attribute. */
export function float(value: number): { float: number } {
  return { float: value };
}

/** A list of nodes and constants being written, all names under one prefix. */
export class GraphWriter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #constants = new Map<string, string>();
  #count = 0;

  constructor(readonly prefix: string) {}

  /** A tensor or node name that is used once. */
  unique(hint: string): string {
    return `${this.prefix}/${hint}_${this.#count++}`;
  }

  /** Appends a node and returns the name of its first output. */
  node(operator: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const name = this.unique(operator);
    const output = options.outputs ?? [name];
    const attribute = Object.entries(options.attributes ?? {}).map(makeAttribute);
    const domain = options.domain ?? '';
    const fields = { name, opType: operator, domain, input: [...inputs], output: [...output] };
    this.nodes.push(create(NodeProtoSchema, { ...fields, attribute }));
    return output[0] ?? name;
  }

  /**
   * The same int64 `[1]`, not negative, where the host can read it. Branches and sizes are decided
   * there: of a number on a GPU, a loop would copy it back in every iteration. The shape of a
   * tensor is known to the host.
   */
  onHost(number: string): string {
    return this.node('Shape', [this.node('ConstantOfShape', [number])]);
  }

  /** Cuts a tensor into `count` pieces of size 1 along an axis. */
  split(tensor: string, count: number, axis: number): string[] {
    const outputs = Array.from({ length: count }, () => this.unique('Split'));
    // The sizes are given as an input: from operator set 18 on, outputs alone no longer tell them.
    const ones = this.ints(Array<number>(count).fill(1));
    this.node('Split', [tensor, ones], { outputs, attributes: { axis } });
    return outputs;
  }

  /** An int64 constant; a scalar where no shape is given for a plain number. */
  ints(value: number | readonly number[], type: 'int64' | 'int32' = 'int64'): string {
    const list = typeof value === 'number' ? [value] : value;
    const shape = typeof value === 'number' ? [] : [list.length];
    return this.#constant(`${type}:${shape.join()}:${list.join()}`, (name) =>
      intTensor(name, list, shape, type),
    );
  }

  /** A float32 scalar constant. */
  scalar(value: number): string {
    return this.#constant(`float:${value}`, (name) =>
      floatTensor(name, Float32Array.of(value), []),
    );
  }

  /** A float32 constant tensor. */
  floats(value: Float32Array, shape: readonly number[], hint = 'weight'): string {
    const name = this.unique(hint);
    this.initializers.push(floatTensor(name, value, shape));
    return name;
  }

  #constant(key: string, make: (name: string) => TensorProto): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.unique('constant');
    this.initializers.push(make(name));
    this.#constants.set(key, name);
    return name;
  }
}

/** Little-endian bytes, as ONNX stores them. */
function floatTensor(name: string, value: Float32Array, shape: readonly number[]): TensorProto {
  const rawData = new Uint8Array(value.length * 4);
  const view = new DataView(rawData.buffer);
  value.forEach((x, i) => view.setFloat32(i * 4, x, true));
  return create(TensorProtoSchema, {
    name,
    dataType: DataType.FLOAT,
    dims: shape.map(BigInt),
    rawData,
  });
}

function intTensor(
  name: string,
  value: readonly number[],
  shape: readonly number[],
  type: 'int64' | 'int32',
): TensorProto {
  const dims = shape.map(BigInt);
  return type === 'int64'
    ? create(TensorProtoSchema, {
        name,
        dims,
        dataType: DataType.INT64,
        int64Data: value.map(BigInt),
      })
    : create(TensorProtoSchema, { name, dims, dataType: DataType.INT32, int32Data: [...value] });
}

/** Declares a graph input or output. */
export function valueInfo(
  name: string,
  elemType: DataType,
  shape?: readonly Dimension[],
): ValueInfoProto {
  const dim = shape?.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: size === null ? { case: undefined } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType,
    ...(dim === undefined ? {} : { shape: create(TensorShapeProtoSchema, { dim }) }),
  });
  const type = create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } });
  return create(ValueInfoProtoSchema, { name, type });
}

/** A graph of the writer's nodes; its constants too, unless they are to live further out. */
export function makeGraph(
  name: string,
  writer: { nodes: NodeProto[]; initializers?: TensorProto[] },
  ends: { input?: ValueInfoProto[]; output: ValueInfoProto[] },
): GraphProto {
  return create(GraphProtoSchema, {
    name,
    node: writer.nodes,
    initializer: writer.initializers ?? [],
    input: ends.input ?? [],
    output: ends.output,
  });
}

/** An attribute from its name and value. */
export function makeAttribute([name, value]: [string, Attribute]): AttributeProto {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    const s = new TextEncoder().encode(value);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  if ('node' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.GRAPH, g: value });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}
