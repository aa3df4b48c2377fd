import { describe, expect, it } from 'vitest';
import { hasRepeatedNgram } from '../../src/text/repetition.js';

describe('hasRepeatedNgram', () => {
  it('finds a run of four words that comes back', () => {
    expect(hasRepeatedNgram('a b c d e a b c d')).toBe(true);
    expect(hasRepeatedNgram('a b c x a b c y')).toBe(false);
    expect(hasRepeatedNgram('so so so so so')).toBe(true);
    expect(hasRepeatedNgram('so so so so')).toBe(false);
    expect(hasRepeatedNgram('the cat  sat on\nthe cat sat on')).toBe(true);
  });

  it('takes other lengths and short texts', () => {
    expect(hasRepeatedNgram('a b a b', 2)).toBe(true);
    expect(hasRepeatedNgram('')).toBe(false);
    expect(hasRepeatedNgram('one two three')).toBe(false);
    // Words are kept apart: "a b" + "c" is not "a" + "b c".
    expect(hasRepeatedNgram('ab c a bc', 2)).toBe(false);
    expect(() => hasRepeatedNgram('a', 0)).toThrow('at least 1 (got 0)');
  });
});
