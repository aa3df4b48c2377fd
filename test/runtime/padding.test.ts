import { describe, expect, it } from 'vitest';
import { padBatch, slotRectangle } from '../../src/runtime/engine/padding.js';

const rows = [
  { ids: [11, 12, 13, 14, 15], promptLength: 3 },
  { ids: [21, 22], promptLength: 2 },
];

describe('padBatch', () => {
  it('pads on the left, with positions that count real tokens only', () => {
    const padded = padBatch(
      { rows: [1, 0], past: 0, fed: 5, padding: 'left' as const },
      rows,
      'all',
    );
    expect([...padded.ids].map(Number)).toEqual([0, 0, 0, 21, 22, 11, 12, 13, 14, 15]);
    expect([...padded.attention].map(Number)).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
    expect([...padded.positions].map(Number)).toEqual([0, 0, 0, 0, 1, 0, 1, 2, 3, 4]);
    expect([...padded.steered]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("steers by each row's own prompt length", () => {
    const batch = { rows: [0, 1], past: 0, fed: 5, padding: 'left' as const };
    expect([...padBatch(batch, rows, 'prompt').steered]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 1]);
    expect([...padBatch(batch, rows, 'generated').steered]).toEqual([0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('feeds only what follows the cache; the mask covers both', () => {
    const padded = padBatch(
      { rows: [0, 1], past: 3, fed: 2, padding: 'left' as const },
      rows,
      'all',
    );
    expect([...padded.ids].map(Number)).toEqual([14, 15, 21, 22]);
    expect([...padded.positions].map(Number)).toEqual([3, 4, 0, 1]);
    expect([...padded.attention].map(Number)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 1, 1]);
  });
});

describe('padding on the right', () => {
  it('puts tokens first and padding behind', () => {
    const padded = padBatch({ rows: [1, 0], past: 0, fed: 5, padding: 'right' }, rows, 'all');
    expect([...padded.ids].map(Number)).toEqual([21, 22, 0, 0, 0, 11, 12, 13, 14, 15]);
    expect([...padded.attention].map(Number)).toEqual([1, 1, 0, 0, 0, 1, 1, 1, 1, 1]);
    const step = padBatch({ rows: [1, 0], past: 4, fed: 1, padding: 'right' }, rows, 'all');
    expect([...step.ids].map(Number)).toEqual([22, 15]);
    expect([...step.attention].map(Number)).toEqual([1, 1, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect([...step.positions].map(Number)).toEqual([1, 4]);
  });
});

describe('slotRectangle', () => {
  it('maps absolute positions to padded slots and fills with the last token', () => {
    const { slots, count } = slotRectangle(
      { rows: [1, 0], past: 0, fed: 5, padding: 'left' as const },
      [5, 2],
      [[0, 4], [1]],
    );
    expect(count).toBe(2);
    expect([...slots].map(Number)).toEqual([4, 4, 0, 4]);
  });
});
