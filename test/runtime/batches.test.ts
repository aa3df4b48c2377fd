import { describe, expect, it } from 'vitest';
import { firstSlot, planBatches, reusedTokens, slotOf } from '../../src/runtime/engine/batches.js';
import type { RowLength } from '../../src/runtime/engine/batches.js';

const limits = { rows: 4, slots: 100 };

function fresh(...lengths: number[]): RowLength[] {
  return lengths.map((length) => ({ length, cached: 0 }));
}

describe('planBatches', () => {
  it('right-aligns rows of any lengths in one padded batch', () => {
    const [batch, ...others] = planBatches(fresh(5, 2, 7), {
      policy: 'left',
      padding: 'left',
      limits,
    });
    expect(others).toEqual([]);
    expect(batch).toEqual({ rows: [1, 0, 2], past: 0, fed: 7, padding: 'left' });
    expect(batch && slotOf(batch, 2, 0)).toBe(5);
    expect(batch && slotOf(batch, 7, 6)).toBe(6);
  });

  it('computes cached tokens again rather than leave holes in the mask', () => {
    const rows = [
      { length: 10, cached: 9 },
      { length: 6, cached: 2 },
      { length: 3, cached: 0 },
    ];
    const [batch] = planBatches(rows, { policy: 'left', padding: 'left', limits });
    expect(batch).toMatchObject({ past: 6, fed: 4 });
    expect(batch && rows.map(({ length }) => reusedTokens(batch, length))).toEqual([6, 2, 0]);
  });

  it('never takes more from a cache than it holds, and feeds at least one token', () => {
    for (let seed = 1; seed < 40; seed++) {
      const rows = Array.from({ length: 6 }, (_, i) => {
        const length = 1 + ((seed * 7 + i * 13) % 17);
        return { length, cached: (seed * 3 + i * 5) % length };
      });
      for (const policy of ['left', 'right', 'equal', 'single'] as const) {
        const padding = policy === 'right' ? 'right' : 'left';
        const run = seed % 2 ? {} : { run: 4 };
        const batches = planBatches(rows, { policy, limits, padding, ...run });
        expect(batches.flatMap((batch) => batch.rows).sort()).toEqual([0, 1, 2, 3, 4, 5]);
        for (const batch of batches) {
          expect(batch.fed).toBeGreaterThan(0);
          for (const index of batch.rows) {
            const { length, cached } = rows[index] ?? { length: 0, cached: 0 };
            expect(reusedTokens(batch, length)).toBeLessThanOrEqual(cached);
            expect(length).toBeLessThanOrEqual(batch.past + batch.fed);
          }
        }
      }
    }
  });

  it('pads only where that costs less than a run, and in all as little as can be', () => {
    const how = { policy: 'left', padding: 'left', limits } as const;
    const costOf = (batches: readonly { rows: readonly number[]; fed: number }[], run: number) =>
      batches.reduce((sum, { rows, fed }) => sum + rows.length * fed + run, 0);
    /** Every way to cut the sorted rows, at most four together. */
    const least = (lengths: readonly number[], run: number): number =>
      Math.min(
        ...[1, 2, 3, 4]
          .filter((count) => count <= lengths.length)
          .map((count) => {
            const cost = count * (lengths[count - 1] ?? 0) + run;
            return cost + (count < lengths.length ? least(lengths.slice(count), run) : 0);
          }),
      );
    for (let seed = 1; seed < 30; seed++) {
      const lengths = Array.from({ length: 9 }, (_, i) => 1 + ((seed * 11 + i * i * 7) % 23));
      const sorted = [...lengths].sort((a, b) => a - b);
      for (const run of [1, 5, 40]) {
        const batches = planBatches(fresh(...lengths), { ...how, run });
        expect(costOf(batches, run)).toBe(least(sorted, run));
      }
    }
    const rows = [2, 2, 9, 9].map((length) => ({ length, cached: 0 }));
    expect(planBatches(rows, { ...how, run: 13 }).map((batch) => batch.rows)).toEqual([[0, 1], [2, 3]]); // prettier-ignore
    expect(planBatches(rows, { ...how, run: 15 }).map((batch) => batch.rows)).toEqual([[0, 1, 2, 3]]); // prettier-ignore
  });

  it('splits at the limits, generated slots included', () => {
    const rows = fresh(...Array.from({ length: 10 }, () => 10));
    const sizes = (generated: number): number[] =>
      planBatches(rows, { policy: 'left', padding: 'left', limits, generated }).map(
        ({ rows }) => rows.length,
      );
    expect(sizes(0)).toEqual([4, 4, 2]);
    expect(sizes(40)).toEqual([2, 2, 2, 2, 2]);
    expect(sizes(400)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it('keeps rows of other lengths or caches apart where the graph cannot pad', () => {
    const rows = [...fresh(3, 4, 3), { length: 5, cached: 4 }, { length: 5, cached: 4 }];
    const groups = planBatches(rows, { policy: 'equal', padding: 'left', limits }).map(
      ({ rows }) => rows,
    );
    expect(groups).toEqual([[3, 4], [0, 2], [1]]);
    expect(planBatches(fresh(3, 3), { policy: 'single', padding: 'left', limits })).toHaveLength(2);
  });

  it('lets rows padded on the right share fresh runs and single steps only', () => {
    const rows = [...fresh(3, 5), { length: 9, cached: 8 }, { length: 4, cached: 3 }];
    const options = { policy: 'right', padding: 'right', limits } as const;
    const [steps, prompts, ...others] = planBatches(rows, options);
    expect(others).toEqual([]);
    expect(steps).toMatchObject({ rows: [3, 2], past: 8, fed: 1 });
    expect(prompts).toMatchObject({ rows: [0, 1], past: 0, fed: 5 });
    expect(steps && [slotOf(steps, 4, 3), firstSlot(steps, 4)]).toEqual([0, 0]);
    expect(prompts && [slotOf(prompts, 3, 2), firstSlot(prompts, 3)]).toEqual([2, 0]);
    const several = [
      { length: 5, cached: 2 },
      { length: 5, cached: 2 },
    ];
    expect(planBatches(several, options)).toHaveLength(2);
  });
});
