import { describe, expect, it } from 'vitest';
import { vote } from '../../../src/experiment/answers/vote.js';

describe('vote', () => {
  it('chooses the first of the samples that most agree with', () => {
    expect(vote(['3', '5', '4', '5'])).toBe(1);
    expect(vote(['7'])).toBe(0);
  });

  it('breaks ties by first occurrence', () => {
    expect(vote(['8', '6', '6', '8'])).toBe(0);
    expect(vote(['1', '2', '3'])).toBe(0);
  });

  it('counts answers that are the same number together', () => {
    expect(vote(['2', '0.5', '1/2'])).toBe(1);
  });

  it('gives no vote to what says no answer', () => {
    expect(vote([null, null, '9'])).toBe(2);
    expect(vote([null, null])).toBe(0);
    expect(() => vote([])).toThrow(/at least 1/);
  });
});
