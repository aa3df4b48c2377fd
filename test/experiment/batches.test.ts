import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../src/experiment/batches.js';

describe('batchesOf', () => {
  it('keeps order and size', () => {
    expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batchesOf([], 2)).toEqual([]);
    expect(() => batchesOf([1], 0)).toThrow(/got 0/);
  });
});
