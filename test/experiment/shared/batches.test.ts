import { describe, expect, it } from 'vitest';
import { batchesOf, sideBySide } from '../../../src/experiment/shared/batches.js';

describe('batchesOf', () => {
  it('keeps order and size', () => {
    expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batchesOf([], 2)).toEqual([]);
    expect(() => batchesOf([1], 0)).toThrow(/got 0/);
  });
});

describe('sideBySide', () => {
  const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const collect = async <R>(results: AsyncIterable<R>): Promise<R[]> => {
    const all: R[] = [];
    for await (const result of results) all.push(result);
    return all;
  };

  it('keeps the order, whichever is done first, and never runs more than it may', async () => {
    let running = 0;
    let most = 0;
    const work = async (turns: number): Promise<string> => {
      most = Math.max(most, ++running);
      for (let i = 0; i < turns; i++) await later();
      running--;
      return `after ${turns}`;
    };
    const items = [4, 1, 3, 0, 2];
    const results = await collect(sideBySide({ items, atOnce: 2, work }));
    expect(results).toEqual(items.map((turns) => `after ${turns}`));
    expect(most).toBe(2);
  });

  it('throws in its turn, and when nothing runs any more', async () => {
    let finished = 0;
    const work = async (item: string): Promise<string> => {
      if (item === 'bad') throw new Error('no');
      for (let i = 0; i < 5; i++) await later();
      finished++;
      return item;
    };
    const seen: string[] = [];
    const run = async () => {
      for await (const item of sideBySide({ items: ['a', 'bad', 'c', 'd'], atOnce: 3, work })) {
        seen.push(item);
      }
    };
    await expect(run()).rejects.toThrow('no');
    expect([seen, finished]).toEqual([['a'], 3]);
  });
});
