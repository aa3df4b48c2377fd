import { beforeAll, describe, expect, it } from 'vitest';
import { runCausal } from '../../../src/experiment/causal/run.js';
import {
  decideBeforeWord,
  earlyDecision,
  moreLayersDecide,
  overRandomDirections,
  scanAgreement,
  type CausalRun,
} from '../../../src/experiment/causal/findings.js';
import type { CausalOptions } from '../../../src/experiment/causal/options.js';
import type { CausalRecord } from '../../../src/experiment/causal/shape.js';
import { createRandom } from '../../../src/math/random.js';
import { layers, toyOptions, type Toy } from './fakes.js';

async function run(toy: Toy, changes: Partial<CausalOptions> = {}): Promise<CausalRun> {
  const records: CausalRecord[] = [];
  const work = runCausal(toyOptions(toy, { limit: 12, ...changes }));
  for (;;) {
    const next = await work.next();
    if (next.done) return { records, summary: next.value };
    records.push(next.value);
  }
}

/** At layers 0 and 1 the weaker way moves 1 of 21: a word that nothing contradicts. */
const early = 2 / 21;

const random = () => createRandom('effects');

describe('a toy that brings the word at layer 0 and decides at layer 2', () => {
  let toy: CausalRun;
  beforeAll(async () => {
    toy = await run({ decides: 2, word: 0 }, { accuracy: [0.5, 0.6, 0.9, 0.8] });
  });

  it('decides half a layer after the middle', () => {
    const { n, estimate, ci } = earlyDecision(toy, random());
    expect(n).toBe(8);
    expect(estimate).toBeCloseTo(1.5 - 2 + early, 6);
    expect(ci?.[1]).toBeLessThan(0);
  });

  it('has the word two layers before the decision', () => {
    const { estimate, p } = decideBeforeWord(toy, random());
    expect(estimate).toBeCloseTo(-2 + early, 6);
    expect(p).toBeLessThan(0.01);
  });

  it('agrees with a scan whose best layer decides', () => {
    const { estimate, n } = scanAgreement(toy, 'steering', random());
    expect(n).toBe(12);
    const evidence = toy.summary.evidence.find(({ measure }) => measure === 'steering');
    expect(estimate).toBeCloseTo(evidence?.rankCorrelation ?? NaN, 12);
  });

  it('steers more along its direction than along any random one, at that layer alone', () => {
    const { controls } = toy.summary;
    expect(controls).toMatchObject({ n: 12, coefficients: [-0.5, 0.5] });
    expect(controls?.perLayer.map(({ exceeded }) => exceeded)).toEqual([0, 0, 8, 0]);
    for (const { random: slopes, max, median } of controls?.perLayer ?? []) {
      expect(slopes).toHaveLength(8);
      expect([max, median]).toEqual([0, 0]);
    }
    const { estimate, ci } = overRandomDirections(toy, random());
    expect(estimate).toBeCloseTo(controls?.perLayer[2]?.tested ?? NaN, 12);
    expect(ci?.[0]).toBeGreaterThan(0);
  });

  it('gives the same effects whatever the order of the records', () => {
    const turned = { ...toy, records: [...toy.records].reverse() };
    for (const effect of [earlyDecision, decideBeforeWord, overRandomDirections]) {
      expect(effect(turned, random())).toEqual(effect(toy, random()));
    }
  });

  it('counts the layers in which one model decides beside another', () => {
    expect(moreLayersDecide(toy, toy, random()).estimate).toBe(0);
    // One more layer's worth at every layer.
    const records = toy.records.map((record): CausalRecord =>
      record.kind === 'patch'
        ? {
            ...record,
            outcomes: record.outcomes.map((row, i) =>
              row.map((outcome) => outcome && { ...outcome, effect: (i + 1) / layers }),
            ),
          }
        : record,
    );
    const { n, estimate } = moreLayersDecide({ ...toy, records }, toy, random());
    expect(n).toBe(16);
    expect(estimate).toBe(0.75);
  });
});

describe('controls', () => {
  it('are left out where none are asked for, and then there is no effect', async () => {
    const bare = await run({ decides: 1 }, { controls: { random: 0 } });
    expect(bare.summary).not.toHaveProperty('controls');
    expect(bare.records.some(({ kind }) => kind === 'control')).toBe(false);
    expect(overRandomDirections(bare, random())).toMatchObject({ n: 0, estimate: null });
  });

  it('run at coefficients of the grid only', async () => {
    const controls = { coefficients: [0.3] };
    await expect(run({ decides: 1 }, { controls })).rejects.toThrow(
      /controls at coefficient 0\.3 \(expected some of -0\.5, -0\.25, 0\.25, 0\.5\)/,
    );
  });
});
