/** Hidden states of one text, with the tokens that they belong to. */
import type { LanguageModel } from '../../runtime/decoder.js';
import { absolutePositions, promptTokens, type Prompt, type PromptOptions } from './prompt.js';
import { checkLayers, toSteering, type Steer } from './steer.js';
import { tokenText } from '../../runtime/tokenText.js';

export interface ReadTextOptions extends PromptOptions {
  /** Read layers, from 0. Default: every one. */
  layers?: readonly number[];
  /** Of the text's tokens; negative from the end. Default: every one. */
  positions?: readonly number[];
  /** Hidden states are read after steering. */
  steer?: Steer;
}

/** `K` layers at `P` positions of one text. */
export interface TextStates {
  /** `[K]`, as asked. */
  layers: number[];
  /** `[P]`, absolute. */
  positions: number[];
  /** `[P]`, as text. */
  tokens: string[];
  /** `[K, P, D]` */
  shape: readonly [layers: number, positions: number, width: number];
  /** float32 `[K, P, D]` */
  values: Float32Array;
  /**
   * The hidden state `[D]` at a layer and a position (negative from the end of the text), as a view.
   * @throws where it was not read.
   */
  at(layer: number, position: number): Float32Array;
}

/** @throws where a layer or position is not the model's or the text's. */
export async function readText(
  model: LanguageModel,
  prompt: Prompt,
  options: ReadTextOptions,
): Promise<TextStates> {
  const { decoder, tokenizer } = model;
  const { width, layers: count } = decoder.info;
  const tokens = promptTokens(model, prompt, options);
  const layers = [...(options.layers ?? Array(count).keys())];
  checkLayers(layers, count);
  const positions = absolutePositions(options.positions ?? [...tokens.keys()], tokens.length);
  const [row] = await decoder.forward({
    tokens: [tokens],
    states: [positions],
    steering: options.steer && toSteering(options.steer, decoder.info),
  });
  if (!row) throw new Error(`read: ${model.name} gave no row (expected 1)`);
  const size = positions.length * width;
  const values = new Float32Array(layers.length * size);
  layers.forEach((layer, k) => values.set(row.states.subarray(layer * size, (layer + 1) * size), k * size)); // prettier-ignore
  return {
    ...{ layers, positions, values },
    tokens: positions.map((position) => tokenText(tokenizer, tokens[position] ?? 0)),
    shape: [layers.length, positions.length, width],
    at(layer, position) {
      const [absolute] = absolutePositions([position], tokens.length);
      const [k, p] = [layers.indexOf(layer), positions.indexOf(absolute ?? -1)];
      if (k >= 0 && p >= 0) {
        return values.subarray(k * size + p * width, k * size + (p + 1) * width);
      }
      throw new Error(
        `read: layer ${layer}, position ${position} was not read (layers ${layers.join(', ')}; positions ${positions.join(', ')})`,
      );
    },
  };
}
