import { describe, expect, it } from 'vitest';
import { answersKey } from '../../../src/experiment/answers/keys.js';

describe('answersKey', () => {
  it('tells names and ids apart that hold a slash', () => {
    const one = answersKey({ kind: 'answer', system: 'loop', problem: 's/p0' });
    const other = answersKey({ kind: 'answer', system: 'loop/s', problem: 'p0' });
    expect(one).not.toBe(other);
  });
});
