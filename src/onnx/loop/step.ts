/** Around one iteration of the loop: where a row's last token is, what is fed next, and the end. */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import type { GraphWriter } from '../build.js';
import type { CarriedValues } from './carried.js';
import type { CacheTensor, DecoderLayout } from '../layout.js';
import { loopInputs } from '../names.js';
import { nextToken } from './sample.js';
import type { SamplingPlan } from './sample.js';
import { pairWithRows } from '../select.js';

/** Chooses each row's last token: `[B, S, …]` → `[B, 1, …]`. */
export type SelectLast = (tensor: string) => string;

/** ONNX's element type of a cache tensor. */
export function cacheType({ type }: CacheTensor): DataType {
  return type === 'float16' ? DataType.FLOAT16 : DataType.FLOAT;
}

/** Declares tokens, mask, positions, cache and finished rows. */
export function declareCarried(
  outer: GraphWriter,
  carried: CarriedValues,
  layout: DecoderLayout,
): void {
  const { inputs, cache, attention } = layout;
  const { INT64, INT32, BOOL } = DataType;
  const own = [
    [inputs.inputIds, INT64, [null, null]],
    [inputs.attentionMask, INT64, [null, null]],
    [inputs.positionIds, INT64, [null, null]],
    [inputs.seqlensK, INT32, null],
    [inputs.totalSequenceLength, INT32, null],
  ] as const;
  for (const [name, type, shape] of own) {
    if (name !== null) carried.declare(name, { initial: name, type, shape });
  }
  for (const tensor of cache) {
    const { past, present, heads, headDim } = tensor;
    const shape = [null, heads, null, headDim];
    carried.declare(past, { initial: past, final: present, type: cacheType(tensor), shape });
  }
  const shape = outer.node('Shape', [inputs.inputIds]);
  const rows = outer.node('Gather', [shape, outer.ints([0])], { attributes: { axis: 0 } });
  const column = outer.node('Concat', [rows, outer.ints([1])], { attributes: { axis: 0 } });
  const zeros = outer.node('Expand', [outer.ints(0), column]);
  const none = outer.node('Cast', [zeros], { attributes: { to: BOOL } });
  carried.declare('finished', { initial: none, type: BOOL, shape: [null, 1] });
  if (attention === 'full-mask') return;
  carried.declare(lastTokens, {
    initial: findLast(outer, layout),
    type: INT64,
    shape: [null, 1, 2],
  });
}

/** The carried pairs of row and index of each row's last token, where rows end apart. */
const lastTokens = 'last_tokens';

/**
 * Rows padded on the left end together. Rows padded on the right end where their valid tokens do,
 * which is found once, before the loop: a single token is the last one.
 */
export function selectLast(
  writer: GraphWriter,
  carried: CarriedValues,
  { attention }: DecoderLayout,
): SelectLast {
  if (attention === 'full-mask') {
    const last = writer.ints([-1]);
    return (tensor) => writer.node('Gather', [tensor, last], { attributes: { axis: 1 } });
  }
  const pairs = carried.current(lastTokens);
  // The row stays, the index becomes 0.
  carried.advance(lastTokens, writer.node('Mul', [pairs, writer.ints([1, 0])]));
  return (tensor) => writer.node('GatherND', [tensor, pairs]);
}

/** Where each row's last token is among those fed, int64 `[B, 1, 2]`; also on a longer cache. */
function findLast(outer: GraphWriter, { inputs, cache }: DecoderLayout): string {
  const shape = outer.node('Shape', [cache[0]?.past ?? '']);
  const past = outer.node('Gather', [shape, outer.ints([2])], { attributes: { axis: 0 } });
  const before = outer.node('Add', [past, outer.ints([1])]);
  const index = outer.node('Sub', [validTokens(outer, inputs), before]);
  return pairWithRows(outer, outer.node('Max', [index, outer.ints([0])]));
}

/** int64 `[B, 1]` */
function validTokens(
  outer: GraphWriter,
  { attentionMask, seqlensK }: DecoderLayout['inputs'],
): string {
  if (attentionMask !== null) return outer.node('ReduceSum', [attentionMask, outer.ints([1])]);
  if (seqlensK === null) {
    throw new Error('loop: neither attention_mask nor seqlens_k; export it with an attention mask');
  }
  const last = outer.node('Cast', [seqlensK], { attributes: { to: DataType.INT64 } });
  return outer.node('Add', [outer.node('Reshape', [last, outer.ints([-1, 1])]), outer.ints([1])]);
}

/** The iteration in which a row has all its tokens, int64 `[B, 1]`. */
export function lastIterations(outer: GraphWriter): string {
  const column = outer.node('Unsqueeze', [loopInputs.room, outer.ints([1])]);
  return outer.node('Sub', [column, outer.ints(1)]);
}

/** Draws tokens, marks the rows that are done, and sets what the next iteration is fed. */
export function advance(
  writer: GraphWriter,
  carried: CarriedValues,
  step: {
    layout: DecoderLayout;
    sampling: SamplingPlan;
    logits: string;
    iteration: string;
    last: SelectLast;
    /** From {@link lastIterations}. */
    ends: string;
  },
): { tokens: string; going: string } {
  const { inputs } = step.layout;
  const flat = writer.node('Squeeze', [step.logits, writer.ints([1])]);
  const uniform = writer.node('Gather', [loopInputs.uniforms, step.iteration], {
    attributes: { axis: 0 },
  });
  const drawn = nextToken(writer, step.sampling, { logits: flat, uniform });
  const column = writer.node('Unsqueeze', [drawn, writer.ints([1])]);
  const finished = carried.current('finished');
  const idle = step.last(carried.current(inputs.inputIds));
  const next = writer.node('Where', [finished, idle, column]);
  carried.advance(inputs.inputIds, next);
  advanceLengths(writer, carried, step);
  return {
    tokens: writer.node('Squeeze', [next, writer.ints([1])]),
    going: markFinished(writer, carried, { ...step, next }),
  };
}

function markFinished(
  writer: GraphWriter,
  carried: CarriedValues,
  { next, ends, iteration }: { next: string; ends: string; iteration: string },
): string {
  const number = (condition: string): string =>
    writer.node('Cast', [condition], { attributes: { to: DataType.INT64 } });
  const hits = number(writer.node('Equal', [next, loopInputs.stop]));
  const stops = writer.node('ReduceSum', [hits, writer.ints([1])]);
  const stopped = writer.node('Greater', [stops, writer.ints(0)]);
  const full = writer.node('LessOrEqual', [ends, iteration]);
  const ended = writer.node('Or', [stopped, full]);
  const done = writer.node('Or', [carried.current('finished'), ended]);
  carried.advance('finished', done);
  const left = writer.node('ReduceSum', [number(writer.node('Not', [done]))], {
    attributes: { keepdims: 0 },
  });
  return writer.node('Greater', [left, writer.ints(0)]);
}

/**
 * A row that has ended feeds its last token at its place once, since the cache is to hold what was
 * before it, and then again and again: positions and lengths stay, so that no row passes the limit
 * of the model while others go on.
 */
function advanceLengths(
  writer: GraphWriter,
  carried: CarriedValues,
  { layout, last }: { layout: DecoderLayout; last: SelectLast },
): void {
  const { attentionMask, positionIds, seqlensK, totalSequenceLength } = layout.inputs;
  const cast = (tensor: string, to: DataType): string =>
    writer.node('Cast', [tensor], { attributes: { to } });
  const going = writer.node('Not', [carried.current('finished')]);
  const step = cast(going, DataType.INT64);
  if (attentionMask !== null) {
    const longer = [carried.current(attentionMask), step];
    carried.advance(attentionMask, writer.node('Concat', longer, { attributes: { axis: 1 } }));
  }
  if (positionIds !== null) {
    const position = last(carried.current(positionIds));
    carried.advance(positionIds, writer.node('Add', [position, step]));
  }
  if (seqlensK !== null) {
    const each = cast(writer.node('Squeeze', [step, writer.ints([1])]), DataType.INT32);
    carried.advance(seqlensK, writer.node('Add', [carried.current(seqlensK), each]));
  }
  if (totalSequenceLength !== null) {
    const longer = [carried.current(totalSequenceLength), writer.ints(1, 'int32')];
    carried.advance(totalSequenceLength, writer.node('Add', longer));
  }
}
