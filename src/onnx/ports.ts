/**
 * What the inputs and outputs of an instrumented graph mean: written into the graph itself
 * (`doc_string`), so that whoever opens the file finds it there, and shown by `instrument`.
 *
 * Dimensions as in names.ts.
 */
import type { GraphProto } from 'onnx-buf';
import type { CacheTensor, DecoderLayout, Port } from './layout.js';
import { halfStates, inputs, loopInputs, loopOutputs, outputs } from './names.js';

type Meaning = readonly [shape: string, meaning: string];

const added: Readonly<Record<string, Meaning>> = {
  [inputs.direction]: ['float32 [L, D]', 'the direction to steer along, per layer'],
  [inputs.coefficient]: ['float32 [B, L]', 'added after block l: h + c·d; 0 is off'],
  [inputs.ablation]: ['float32 [B, L]', 'removed after block l: h − a·⟨h, d⟩·d; 0 is off'],
  [inputs.mask]: [
    'float32 [B, S]',
    '1 where adding and removing act (loop graph: among the prompt’s tokens)',
  ],
  [inputs.patchIndex]: [
    'int64 [N, 3]',
    'layer, row and token of each state to replace; N may be 0',
  ],
  [inputs.patchVector]: ['float32 [N, D]', 'what replaces them'],
  [inputs.readDirections]: ['float32 [L, K, D]', 'directions to project on; K may be 0'],
  [inputs.readPositions]: ['int64 [B, P]', 'tokens whose whole states are read; P may be 0'],
  [inputs.logitsPositions]: ['int64 [B, P]', 'tokens whose logits are wanted'],
  [outputs.projections]: ['float32 [L, B, S, K]', '⟨h, d⟩ of every token, after steering'],
  [outputs.states]: ['float32 [L, B, P, D]', 'block outputs at read.positions, after steering'],
  [outputs.logits]: ['float32 [B, P, V]', 'logits at logits.positions'],
  [outputs.next]: ['int64 [B, P]', 'the likeliest token there; ties go to the smaller id'],
  [halfStates]: ['float [B, S, D]', 'a block’s output, before its treatment'],
  [loopInputs.maxNewTokens]: ['int64', 'most tokens to generate'],
  [loopInputs.room]: ['int64 [B]', 'tokens of each row, after which it ends'],
  [loopInputs.stop]: ['int64 [n]', 'tokens that end a row; −1 where none'],
  [loopInputs.generatedMask]: ['float32 [B]', 'as steer.mask, for the tokens generated'],
  [loopInputs.temperature]: ['float32', '0 is greedy'],
  [loopInputs.topP]: ['float32', 'nucleus; 1 is off'],
  [loopInputs.topK]: ['int64', 'most likely tokens to draw from; 0 is off'],
  [loopInputs.uniforms]: ['float32 [T, B]', 'a random number in [0, 1) per token drawn'],
  [loopInputs.readStates]: ['int64', '1: hand out whole states, 0: projections only'],
  [loopOutputs.tokens]: ['int64 [T, B]', 'tokens; rows that ended repeat their last one'],
  [loopOutputs.projections]: [
    'float32 [T, L, B, K]',
    '⟨h, d⟩ of the token fed before each of the tokens',
  ],
  [loopOutputs.states]: ['float32 [T, L, B, n, D]', 'its states; n = loop.read_states'],
  [loopOutputs.finite]: ['float32 [T, B]', '0 where its states are finite, NaN elsewhere'],
};

/**
 * Says of every input and output of an instrumented graph what it means.
 *
 * @param graph changed: the meanings become its documentation
 */
export function documentPorts(graph: GraphProto, layout: DecoderLayout): Port[] {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const meanings = new Map(Object.entries({ ...ownMeanings(layout), ...added }));
  const ports = (['input', 'output'] as const).flatMap((kind) =>
    graph[kind].map((info) => ({ kind, info })),
  );
  return ports
    .filter(({ info }) => !weights.has(info.name))
    .map(({ kind, info }) => {
      const [shape, meaning] = meanings.get(info.name) ?? ['', 'the decoder’s own'];
      info.docString = shape === '' ? meaning : `${shape}: ${meaning}`;
      return { kind, name: info.name, shape, meaning };
    });
}

/** The decoder's inputs and its cache. */
function ownMeanings({ inputs: own, cache }: DecoderLayout): Record<string, Meaning> {
  const entry = (name: string | null, ...meaning: Meaning): Record<string, Meaning> =>
    name === null ? {} : { [name]: meaning };
  return {
    ...entry(own.inputIds, 'int64 [B, S]', 'tokens'),
    ...entry(own.attentionMask, 'int64 [B, past + S]', '1 where there is a token, 0 for padding'),
    ...entry(own.positionIds, 'int64 [B, S]', 'positions, from 0'),
    ...entry(own.seqlensK, 'int32 [B]', 'tokens of the row after this call, less one'),
    ...entry(own.totalSequenceLength, 'int32', 'past + S'),
    ...Object.fromEntries(cache.flatMap(cacheMeanings)),
  };
}

function cacheMeanings(tensor: CacheTensor): [string, Meaning][] {
  const { past, present, heads, headDim, type, part, layer } = tensor;
  const shape = (length: string): string => `${type} [B, ${heads}, ${length}, ${headDim}]`;
  const name = `${part}s of attention ${layer}`;
  return [
    [past, [shape('past'), `${name}, cached; past may be 0`]],
    [present, [shape('past + S'), `${name}, for the next call`]],
  ];
}
