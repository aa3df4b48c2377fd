/**
 * The logit lens (nostalgebraist 2020): a layer's hidden state at a prompt's last token goes to the
 * last norm and the head in place of the last block's. Both are the model's own, so that no weights
 * are needed.
 *
 * Nothing mixes positions after the last block. So the states of all layers stand in one row, one
 * position each, and one short forward reads them all.
 */
import type { Decoder } from '../../runtime/decoder.js';
import type { Patch } from '../../runtime/steering.js';

/**
 * The lens of every layer at the last token of each prompt, `[B][L]` of float32 `[V]`. The last
 * layer's is the model's own distribution.
 */
export async function lensLogits(
  decoder: Pick<Decoder, 'forward' | 'info'>,
  prompts: readonly (readonly number[])[],
): Promise<Float32Array[][]> {
  const { layers, width, vocabulary } = decoder.info;
  const states = await decoder.forward({
    tokens: prompts,
    states: prompts.map((prompt) => [prompt.length - 1]),
  });
  const places = Array.from({ length: layers }, (_, layer) => layer);
  const patches = states.flatMap((row, i) =>
    places.map((position): Patch => {
      const vector = row.states.subarray(position * width, (position + 1) * width);
      return { row: i, layer: layers - 1, position, vector };
    }),
  );
  const rows = await decoder.forward({
    // Any tokens will do: nothing of them is left after the last block.
    tokens: prompts.map((prompt) => places.map(() => prompt.at(-1) ?? 0)),
    steering: { patches },
    logits: prompts.map(() => places),
  });
  return rows.map(({ logits }) =>
    places.map((layer) => logits.subarray(layer * vocabulary, (layer + 1) * vocabulary)),
  );
}
