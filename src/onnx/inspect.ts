/** Reads a decoder's layout out of its graph. */
import { checkWiring, refuseOwnNames } from './checkGraph.js';
import { findEnds, floatType } from './ends.js';
import { dimensions, indexGraph, weightShape } from './graph.js';
import type { GraphIndex } from './graph.js';
import { groupQueries } from './groups.js';
import { findHead } from './head.js';
import type { Head } from './head.js';
import type { CacheTensor, DecoderInputs, DecoderLayout } from './layout.js';
import { normaliseDomain, parseModel } from './model.js';
import type { ParsedModel } from './model.js';
import { proxyPrefix } from './names.js';
import { findPositionLimits } from './positions.js';
import { findResidualStream, nodeAt } from './residual.js';
import type { ResidualStream } from './residual.js';
import { keepWholeCaches } from './windows.js';
import { TensorProto_DataType as DataType } from 'onnx-buf';

/** A decoder that has been looked through: what the edits start from. */
export interface DecoderGraph {
  parsed: ParsedModel;
  index: GraphIndex;
  stream: ResidualStream;
  head: Head;
  layout: DecoderLayout;
}

/**
 * Says what a decoder is made of.
 *
 * @param model bytes of the ONNX file
 * @throws Error that says what was found, where it is not a decoder with a cache
 */
export function inspectDecoder(model: Uint8Array): DecoderLayout {
  return readDecoder(model).layout;
}

/** Operators that take one scale for all rows of a batch. */
const dynamicQuantizers = ['DynamicQuantizeLinear', 'DynamicQuantizeMatMul'];

/** Parses a decoder and finds everything that the edits need. */
export function readDecoder(bytes: Uint8Array): DecoderGraph {
  const parsed = parseModel(bytes);
  const { graph, opset } = parsed;
  normaliseDomain(parsed.model);
  keepWholeCaches(graph);
  groupQueries(graph);
  const index = indexGraph(graph);
  const ends = findEnds(index);
  checkWiring(index);
  refuseOwnNames(parsed.model, ends.logits.name);
  const stream = findResidualStream(index, {
    inputIds: ends.inputs.inputIds,
    logits: ends.logits.name,
    cacheLayers: new Set(ends.cache.flatMap(ownLayer)).size,
  });
  const head = findHead(index, stream, ends.logits.name);
  const operators = new Set(graph.node.map(({ opType }) => opType));
  const layout: DecoderLayout = {
    layers: stream.blocks.length,
    ...sizes(index, stream, head, dimensions(ends.logits)),
    type: residualType(index, stream),
    attention: operators.has('GroupQueryAttention') ? 'group-query-attention' : 'full-mask',
    inputs: ends.inputs,
    cache: ends.cache,
    blocks: stream.blocks,
    logits: head.layout,
    positions: findPositionLimits(index, ends.inputs),
    dynamicQuantization: dynamicQuantizers.some((operator) => operators.has(operator)),
    opset,
    producer: `${parsed.model.producerName} ${parsed.model.producerVersion}`.trim(),
  };
  checkSizes(layout);
  checkInputTypes(index, layout.inputs);
  return { parsed, index, stream, head, layout };
}

/** The cached layers that the stream passes; those of proxies stand beside it. */
function ownLayer({ past, layer }: CacheTensor): number[] {
  return past.startsWith(proxyPrefix) ? [] : [layer];
}

function sizes(
  index: GraphIndex,
  { flow, blocks }: ResidualStream,
  head: Head,
  logits: (number | string | null)[] | null,
): { width: number; vocabulary: number } {
  const first = blocks[0]?.tensor;
  const declared = index.graph.valueInfo.find(({ name }) => name === first);
  const shape = declared === undefined ? null : dimensions(declared);
  const table = weightShape(index, nodeAt(index, flow.source).input[0] ?? '');
  const width = numberOr(shape?.at(-1), head.width ?? table?.at(-1));
  const vocabulary = numberOr(logits?.at(-1), head.vocabulary ?? table?.[0]);
  if (width === undefined || vocabulary === undefined) {
    throw new Error(
      `model: width or vocabulary unknown (got ${width} and ${vocabulary}); export it with shapes`,
    );
  }
  return { width, vocabulary };
}

/** Far more than any model has; buffers of requests are made from these numbers. */
const largestSize = 2 ** 24;

function checkSizes({ width, vocabulary, cache }: DecoderLayout): void {
  const sizes = cache.flatMap(({ past, heads, headDim }) => [
    [`heads of ${past}`, heads] as const,
    [`head width of ${past}`, headDim] as const,
  ]);
  for (const [what, size] of [['width', width], ['vocabulary', vocabulary], ...sizes] as const) {
    if (Number.isInteger(size) && size >= 1 && size <= largestSize) continue;
    throw new Error(
      `model: ${what} cannot be ${size} (expected 1 to ${largestSize}); export it again`,
    );
  }
}

/** The types that the runtime feeds and the loop carries on; see {@link DecoderInputs}. */
function checkInputTypes(index: GraphIndex, own: DecoderInputs): void {
  const { seqlensK, totalSequenceLength } = own;
  for (const name of Object.values<string | null>({ ...own })) {
    if (name === null) continue;
    const short = name === seqlensK || name === totalSequenceLength;
    const expected = short ? DataType.INT32 : DataType.INT64;
    const got = index.types.get(name) ?? DataType.UNDEFINED;
    if (got === expected) continue;
    throw new Error(
      `model: input ${name} has another element type (expected ${DataType[expected]}, got ${DataType[got] ?? got}); export it again`,
    );
  }
}

function numberOr(
  value: number | string | null | undefined,
  other: number | undefined,
): number | undefined {
  return typeof value === 'number' ? value : other;
}

function residualType(index: GraphIndex, stream: ResidualStream): DecoderLayout['type'] {
  const types = stream.nodes.map((i) => index.types.get(nodeAt(index, i).output[0] ?? ''));
  const type = types[0] ?? DataType.UNDEFINED;
  if (types.some((other) => other !== type)) {
    throw new Error('residual stream: its blocks differ in element type; export it in one type');
  }
  return floatType('residual stream', type);
}
