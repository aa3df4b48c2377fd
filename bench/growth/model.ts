/** Llamas of random weights, of any size. */
import { createRandom } from '../../src/math/random.js';
import type { GraphWriter } from '../../src/onnx/build.js';
import { tinyDecoder } from '../../test/onnx/tinyDecoder.js';

export const vocabulary = 512;

/** Bytes of the ONNX model; heads are 32 wide. */
export function randomLlama({ layers, width }: { layers: number; width: number }): Uint8Array {
  const random = createRandom(`llama ${layers} ${width}`);
  const makeWeight = (writer: GraphWriter, shape: readonly number[]): string => {
    const length = shape.reduce((a, b) => a * b, 1);
    // A vector is the gain of a norm; uniform numbers of this width have variance 1 ÷ inputs.
    const [inputs = 1] = shape;
    const reach = Math.sqrt(3 / inputs);
    const draw = (): number => (shape.length === 1 ? 1 : reach * (2 * random.next() - 1));
    return writer.floats(Float32Array.from({ length }, draw), shape);
  };
  const heads = Math.max(1, width / 32);
  return tinyDecoder({ layers, width, heads, vocabulary, maxLength: 2048, makeWeight });
}
