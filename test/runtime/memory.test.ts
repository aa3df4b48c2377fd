import { describe, expect, it } from 'vitest';
import { checkMemory, leastScoreBytes } from '../../src/runtime/engine/memory.js';

const layout = { cache: [{ heads: 5 }] } as never;
const batch = { rows: [3], past: 0, fed: 100_003, padding: 'left' } as const;

describe('attention scores', () => {
  it('take what ONNX Runtime failed to allocate for 100,003 tokens and 5 heads', () => {
    expect(leastScoreBytes(layout, { ...batch, rows: [3] })).toBe(200_012_000_180);
  });

  it('that nothing could hold are refused by the row, before it runs', () => {
    const check = (free: number) => (): void =>
      checkMemory({ ...batch, rows: [3] }, { what: 'forward', layout, free });
    expect(check(16e9)).toThrow(
      'forward: row 3 has 100,003 tokens, whose attention takes 200.0 GB at the least (16.0 GB are free); shorten it',
    );
    expect(check(1e12)).not.toThrow();
  });
});
