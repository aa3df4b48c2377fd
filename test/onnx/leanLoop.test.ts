/** Loops that do less: the same bits with fewer nodes. */
import { describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import type { LoopGraphOptions } from '../../src/onnx/layout.js';
import { instrumentLoop } from '../../src/onnx/loop/loop.js';
import { parseModel } from '../../src/onnx/model.js';
import { loopOutputs } from '../../src/onnx/names.js';
import { loopFeeds, open } from './session.js';
import type { Fetches } from './session.js';
import { tinyDecoder } from './tinyDecoder.js';
import type { TinyOptions } from './tinyDecoder.js';

const adding: LoopGraphOptions = { patch: false, steer: 'add', read: false };
const plain: LoopGraphOptions = { patch: false, steer: 'none', read: false };

const prompts = [[3, 1, 4], [1, 5, 9, 2, 6], [5], [3, 5, 8, 9]];
const longest = 5;

/** Tokens and the whole cache, so that every layer's output has a part in them. */
async function run(
  file: Uint8Array,
  options: LoopGraphOptions,
  { coefficient, mask = 1 }: { coefficient: readonly number[]; mask?: number },
): Promise<Fetches> {
  const { layout } = instrument(file);
  const { layers, width } = layout;
  const direction = Array.from({ length: layers * width }, (_, i) => Math.sin(i));
  const session = await open(instrumentLoop(file, options).model);
  const steer = {
    direction,
    coefficient: coefficient.flatMap((c) => Array<number>(layers).fill(c)),
    mask: prompts.flatMap(() => Array<number>(longest).fill(mask)),
  };
  const feeds = loopFeeds(layout, prompts, { maxNewTokens: 6, steer });
  const known = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
  const present = layout.cache.map((tensor) => tensor.present);
  return session.run(Object.fromEntries(known), [loopOutputs.tokens, ...present]);
}

function bits(fetches: Fetches): object {
  return Object.fromEntries(Object.entries(fetches).map(([name, { data }]) => [name, data]));
}

const whole: LoopGraphOptions = { patch: false };
const styles = ['unfused', 'fused', 'parallel', 'post-norm', 'sandwich'] as const;
const decoders: TinyOptions[] = [
  ...styles.map((style) => ({ style })),
  { style: 'unfused', halfStream: true },
];

// In float32: a CPU computes float16 in float32 and leaves roundings out where it can.
describe.each(styles)('a plain loop of %s', (style) => {
  it('computes with the bits of coefficient 0', async () => {
    const file = tinyDecoder({ style });
    const coefficient = [0, 0, 0, 0];
    const off = bits(await run(file, plain, { coefficient }));
    expect(bits(await run(file, whole, { coefficient }))).toEqual(off);
    expect(bits(await run(file, adding, { coefficient }))).toEqual(off);
  });
});

describe.each(decoders)('lean loops of %o', (options) => {
  const file = tinyDecoder(options);

  it('adds with the same bits where nothing can be removed or read', async () => {
    const coefficient = [0.7, 0, -1, 2];
    const steered = bits(await run(file, whole, { coefficient }));
    expect(bits(await run(file, adding, { coefficient }))).toEqual(steered);
    const off = bits(await run(file, whole, { coefficient: [0, 0, 0, 0] }));
    expect(off).not.toEqual(steered);
    expect(bits(await run(file, adding, { coefficient, mask: 0 }))).not.toEqual(steered);
  });

  it('has fewer nodes after each block', () => {
    const nodes = (given: LoopGraphOptions): number => {
      const { graph } = parseModel(instrumentLoop(file, given).model);
      const loop = graph.node.find(({ opType }) => opType === 'Loop');
      return loop?.attribute.find(({ name }) => name === 'body')?.g?.node.length ?? 0;
    };
    const { layers } = instrument(file).layout;
    // The dot product, its product and difference, and the choice of the token that is read.
    expect(nodes(whole) - nodes(adding)).toBeGreaterThanOrEqual(4 * layers);
    // The product and the sum.
    expect(nodes(adding) - nodes(plain)).toBeGreaterThanOrEqual(2 * layers);
  });
});
