/** The decoders that are made on the spot: sizes of well-known families, random weights, fp16. */

export interface DecoderShape {
  name: string;
  /** `gemma`: scaled embedding and GELU; `llama`: SiLU. */
  family: 'gemma' | 'llama';
  layers: number;
  width: number;
  heads: number;
  sharedHeads: number;
  headDim: number;
  /** Width inside the MLP. */
  inner: number;
  vocabulary: number;
  theta: number;
  /** Longest sequence, of the rotary tables. */
  maxLength: number;
}

const gemma = { family: 'gemma', theta: 10_000, maxLength: 2048 } as const;
const llama = { family: 'llama', theta: 500_000, maxLength: 2048 } as const;

/** Gemma 2B and Llama 3 8B, and two of the same build that a CPU runs in a second. */
// prettier-ignore
export const shapes: readonly DecoderShape[] = [
  { name: 'gemma-2b', ...gemma, layers: 18, width: 2048, heads: 8, sharedHeads: 1, headDim: 256, inner: 16_384, vocabulary: 256_000 },
  { name: 'llama-8b', ...llama, layers: 32, width: 4096, heads: 32, sharedHeads: 8, headDim: 128, inner: 14_336, vocabulary: 128_256 },
  { name: 'gemma-tiny', ...gemma, layers: 3, width: 128, heads: 4, sharedHeads: 1, headDim: 32, inner: 256, vocabulary: 500 },
  { name: 'llama-tiny', ...llama, layers: 4, width: 128, heads: 4, sharedHeads: 2, headDim: 32, inner: 256, vocabulary: 500 },
];

export function shapeOf(name: string): DecoderShape {
  const shape = shapes.find((known) => known.name === name);
  if (shape) return shape;
  const names = shapes.map((known) => known.name).join(', ');
  throw new Error(`gpu: unknown decoder "${name}" (expected one of ${names})`);
}

/** Parameters of one block's products. */
export function blockParameters(shape: DecoderShape): number {
  const { width, heads, sharedHeads, headDim, inner } = shape;
  return width * headDim * (2 * heads + 2 * sharedHeads) + 3 * width * inner;
}

/** Bytes of weights that every decoded token reads: all blocks and the head; fp16. */
export function decodedBytes(shape: DecoderShape): number {
  return 2 * (shape.layers * blockParameters(shape) + shape.width * shape.vocabulary);
}

/** Floating-point operations of the blocks' products for a number of tokens; no head. */
export function blockOperations(shape: DecoderShape, tokens: number): number {
  return 2 * shape.layers * blockParameters(shape) * tokens;
}
