/**
 * The next token of every row, inside the graph: greedy, or drawn from the tempered distribution
 * cut by top-k, then by top-p, by inverse CDF with a uniform number that is handed in.
 *
 * The order and the meaning of the cuts are those of Hugging Face's `generate`: top-p keeps the
 * likeliest tokens up to the one that reaches the mass p (0 < p). Ties go to the smaller id.
 */
import { TensorProto_DataType as DataType } from 'onnx-buf';
import { GraphWriter, makeGraph, valueInfo } from '../build.js';
import { loopInputs } from '../names.js';

/** What sampling asks of the whole call, made once, outside the loop. */
export interface SamplingPlan {
  /** bool `[1]`: whether tokens are drawn. */
  hot: string;
  /** int64 `[1]`: top-k, or the whole vocabulary where it is off or larger. */
  kept: string;
}

/** Appends the plan to the graph around the loop. */
export function planSampling(outer: GraphWriter, vocabulary: number): SamplingPlan {
  const { INT64, BOOL } = DataType;
  const cast = (tensor: string, to: DataType): string =>
    outer.node('Cast', [tensor], { attributes: { to } });
  const off = outer.node('LessOrEqual', [loopInputs.topK, outer.ints(0)]);
  const all = outer.ints([vocabulary]);
  const wanted = outer.node('Where', [off, all, loopInputs.topK]);
  const warm = outer.node('Greater', [loopInputs.temperature, outer.scalar(0)]);
  const flag = outer.node('Unsqueeze', [cast(warm, INT64), outer.ints([0])]);
  return {
    hot: cast(outer.onHost(flag), BOOL),
    kept: outer.onHost(outer.node('Min', [wanted, all])),
  };
}

/**
 * Appends an `If` on the temperature, so that greedy decoding never sorts.
 *
 * @param logits float32 `[B, V]`
 * @param uniform float32 `[B]` in [0, 1)
 * @returns int64 `[B]`
 */
export function nextToken(
  writer: GraphWriter,
  plan: SamplingPlan,
  { logits, uniform }: { logits: string; uniform: string },
): string {
  const greedy = new GraphWriter('loop.greedy');
  greedy.node('ArgMax', [logits], { attributes: { axis: -1, keepdims: 0 } });
  const sampled = new GraphWriter('loop.sampled');
  draw(sampled, plan, { logits, uniform });
  const branch = (from: GraphWriter): ReturnType<typeof makeGraph> => {
    const last = from.nodes.at(-1)?.output[0] ?? '';
    return makeGraph(from.prefix, from, { output: [valueInfo(last, DataType.INT64, [null])] });
  };
  return writer.node('If', [plan.hot], {
    attributes: { then_branch: branch(sampled), else_branch: branch(greedy) },
  });
}

function draw(
  w: GraphWriter,
  plan: SamplingPlan,
  { logits, uniform }: { logits: string; uniform: string },
): void {
  const column = w.node('Unsqueeze', [uniform, w.ints([1])]);
  const outputs = [w.unique('value'), w.unique('token')];
  const tempered = w.node('Div', [logits, loopInputs.temperature]);
  w.node('TopK', [tempered, plan.kept], {
    outputs,
    attributes: { axis: 1, largest: 1, sorted: 1 },
  });
  const [values = '', tokens = ''] = outputs;
  const mass = w.node('Softmax', [values], { attributes: { axis: -1 } });
  const sum = w.node('CumSum', [mass, w.ints(1)]);
  const within = w.node('Less', [w.node('Sub', [sum, mass]), loopInputs.topP]);
  const off = w.node('GreaterOrEqual', [loopInputs.topP, w.scalar(1)]);
  const last = w.node('Sub', [count(w, w.node('Or', [within, off])), w.ints(1)]);
  const total = w.node('GatherElements', [sum, last], { attributes: { axis: 1 } });
  const below = w.node('LessOrEqual', [sum, w.node('Mul', [column, total])]);
  // Rounding may lift the drawn point onto the total: the last token kept is still the answer.
  const passed = w.node('Min', [count(w, below), last]);
  const chosen = w.node('GatherElements', [tokens, passed], { attributes: { axis: 1 } });
  w.node('Squeeze', [chosen, w.ints([1])]);
}

/** How many are true along axis 1: int64 `[B, 1]`. */
function count(w: GraphWriter, condition: string): string {
  const numbers = w.node('Cast', [condition], { attributes: { to: DataType.INT64 } });
  return w.node('ReduceSum', [numbers, w.ints([1])], { attributes: { keepdims: 1 } });
}
