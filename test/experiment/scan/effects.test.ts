/** Whether a scan tells more than the sentence does: planted tellers whose accuracy is known. */
import { describe, expect, it } from 'vitest';
import { overBaselines, type ToldRecord } from '../../../src/experiment/scan/effects.js';
import { createRandom } from '../../../src/math/random.js';

/** Told rightly by each teller as often as its share says, alike in both halves. */
function planted(shares: { layers: number[]; length: number; embeddings: number }): ToldRecord[] {
  const random = createRandom('told');
  return Array.from({ length: 400 }, (_, i): ToldRecord => {
    const told = (share: number): boolean => random.next() < share;
    return {
      ...{ kind: 'told', id: `s${i}`, problem: `p${Math.floor(i / 2)}` },
      half: Math.floor(i / 2) % 2 === 0 ? 'train' : 'heldOut',
      layers: shares.layers.map(told),
      length: told(shares.length),
      embeddings: told(shares.embeddings),
    };
  });
}

describe('overBaselines', () => {
  it('is the lead of the best layer over the better baseline', () => {
    const records = planted({ layers: [0.5, 0.95, 0.7], length: 0.6, embeddings: 0.7 });
    const { n, estimate, p } = overBaselines(records, createRandom(1));
    expect(n).toBe(100);
    expect(estimate).toBeCloseTo(0.25, 1);
    expect(p).toBeLessThan(0.001);
  });

  it('is below 0 where the sentence tells more', () => {
    const records = planted({ layers: [0.5, 0.7], length: 0.6, embeddings: 0.95 });
    expect(overBaselines(records, createRandom(1)).estimate).toBeLessThan(-0.15);
  });

  it('chooses the layer on the training half: the best of many chance layers gains nothing', () => {
    const chance = Array.from({ length: 60 }, () => 0.5);
    const records = planted({ layers: chance, length: 0.5, embeddings: 0.5 });
    expect(overBaselines(records, createRandom(1)).estimate).toBeLessThan(0.06);
  });

  it('does not depend on the order of the records', () => {
    const records = planted({ layers: [0.8], length: 0.6, embeddings: 0.6 });
    const turned = [...records].reverse();
    expect(overBaselines(turned, createRandom(1))).toEqual(overBaselines(records, createRandom(1)));
  });
});
