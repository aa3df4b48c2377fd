import { describe, expect, it } from 'vitest';
import type { Decoder, GenerateRequest, GenerateResult } from '../../src/runtime/decoder.js';
import { DecoderPool } from '../../src/runtime/worker/pool.js';

/** A decoder that answers when it is told to, and writes down what it was asked. */
function heldDecoder(log: string[], name: string) {
  const waiting: (() => void)[] = [];
  const decoder: Decoder = {
    info: { source: name, sha256: '', device: 'cpu', layers: 1, width: 1, vocabulary: 1 },
    forward: () => Promise.resolve([]),
    generate: () => {
      log.push(name);
      return new Promise<GenerateResult>((resolve) => {
        waiting.push(() => {
          resolve({ rows: [], milliseconds: 0, computedTokens: 0, draftedTokens: 0 });
        });
      });
    },
    openCache: () => ({ id: 7 }),
    closeCache: ({ id }) => {
      log.push(`${name} closes ${id}`);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => {
      log.push(`${name} ends`);
      return Promise.resolve();
    },
  };
  const answer = (): void => waiting.shift()?.();
  return { decoder, answer };
}

const request: GenerateRequest = { prompts: [[1]], maxNewTokens: 1, stop: [] };

describe('DecoderPool', () => {
  it('gives each request to the copy with the fewest before it', async () => {
    const log: string[] = [];
    const [a, b] = [heldDecoder(log, 'a'), heldDecoder(log, 'b')];
    const pool = new DecoderPool([a.decoder, b.decoder]);
    const asked = [pool.generate(request), pool.generate(request), pool.generate(request)];
    expect(log).toEqual(['a', 'b', 'a']);
    b.answer();
    await asked[1];
    asked.push(pool.generate(request));
    expect(log).toEqual(['a', 'b', 'a', 'b']);
    [a, a, b].forEach(({ answer }) => {
      answer();
    });
    await Promise.all(asked);
  });

  it('keeps caches with the first copy, however busy it is', async () => {
    const log: string[] = [];
    const [a, b] = [heldDecoder(log, 'a'), heldDecoder(log, 'b')];
    const pool = new DecoderPool([a.decoder, b.decoder]);
    const cache = pool.openCache();
    const asked = [1, 2].map(() => pool.generate({ ...request, caches: [cache] }));
    [a, a].forEach(({ answer }) => {
      answer();
    });
    await Promise.all(asked);
    await pool.closeCache(cache);
    await pool[Symbol.asyncDispose]();
    expect(log).toEqual(['a', 'a', 'a closes 7', 'a ends', 'b ends']);
  });

  it('counts a request that failed as answered', async () => {
    const log: string[] = [];
    const [a, b] = [heldDecoder(log, 'a'), heldDecoder(log, 'b')];
    a.decoder.forward = () => Promise.reject(new Error('no'));
    b.decoder.forward = () => Promise.resolve([]);
    const pool = new DecoderPool([a.decoder, b.decoder]);
    await expect(pool.forward({ tokens: [[1]] })).rejects.toThrow('no');
    const asked = pool.generate(request);
    expect(log).toEqual(['a']);
    a.answer();
    await asked;
  });

  it('refuses to be empty', () => {
    expect(() => new DecoderPool([])).toThrow('pool: no decoder');
  });
});
