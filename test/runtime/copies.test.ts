import { describe, expect, it } from 'vitest';
import { copiesFor } from '../../src/runtime/copies.js';

describe('copiesFor', () => {
  it.each([
    [2, 24, 2],
    [16, 64, 8],
    [8, 7.9, 3],
    [4, 1, 1],
  ])('%i cores and %d GiB: %i', (cores, gigabytes, copies) => {
    expect(copiesFor(cores, gigabytes * 2 ** 30)).toBe(copies);
  });
});
