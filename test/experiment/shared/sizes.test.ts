import { describe, expect, it } from 'vitest';
import { doublings } from '../../../src/experiment/shared/sizes.js';

describe('doublings', () => {
  it('go up to the most, which is among them', () => {
    expect(doublings(1)).toEqual([1]);
    expect(doublings(8)).toEqual([1, 2, 4, 8]);
    expect(doublings(6)).toEqual([1, 2, 4, 6]);
  });
});
