/** The rules: which there are, and what becomes of them where there is little or nothing to go by. */
import { describe, expect, it } from 'vitest';
import { inPoints, saving } from '../../src/reproduce/paper/finding.js';
import { judgePaper, leastUnits, paperFindings } from '../../src/reproduce/paper/verdicts.js';
import type { ReproduceModels } from '../../src/reproduce/plan.js';
import { planParts } from '../../src/reproduce/plan.js';
import { Results } from '../../src/reproduce/results.js';
import type { RoundsAnswer, RoundsRecord } from '../../src/experiment/rounds/shape.js';
import { roundsExample } from '../experiment/answerExamples.js';

const names = ['s', 'm', 'l'];
const models: ReproduceModels = {
  upstream: 'upstream-x',
  sizes: [
    ...names.map((size) => ({
      corrector: `corrector-x-${size}`,
      aligner: `aligner-x-${size}`,
      expert: `expert-x-${size}`,
      antiExpert: `corrector-x-${size}-stage1`,
    })),
    { corrector: 'corrector-x-m-seed2' },
  ],
  tuned: { sft: 'upstream-x-sft', dpo: 'upstream-x-dpo' },
};
const findings = paperFindings(models);
const ids = findings.map(({ rule }) => rule.id);

describe('the rules', () => {
  it('have ids of their own, a claim, and a measure that does not repeat it', () => {
    expect(new Set(ids).size).toBe(ids.length);
    for (const { rule } of findings) {
      expect(rule.claim.length, rule.id).toBeGreaterThan(20);
      expect(rule.measure.length, rule.id).toBeGreaterThan(20);
    }
  });

  it('are few enough for the smallest p of 10,000 draws to survive Holm’s correction', () => {
    expect((findings.length * 2) / 10_001).toBeLessThan(0.05);
  });

  it('take their records from parts of the plan', () => {
    const planned = new Set(planParts(models).map(({ name }) => name));
    for (const { parts, rule } of findings) {
      for (const part of parts) expect(planned.has(part), `${rule.id}: ${part}`).toBe(true);
    }
  });

  it('compare a size with a rival only where it has one', () => {
    expect(ids).toEqual(expect.arrayContaining(['over-aligner-s', 'over-proxy-l', 'over-sft-m']));
    expect(ids).not.toContain('over-aligner-m-seed2');
    expect(ids).not.toContain('over-proxy-m-seed2');
    const bare = { upstream: 'u', sizes: [{ corrector: 'one' }], tuned: {} };
    const few = paperFindings(bare).map(({ rule }) => rule.id);
    expect(few.filter((id) => /aligner|proxy|sft|dpo|larger/.test(id))).toEqual([]);
    expect(few).toContain('over-best-of-one');
  });

  it('compare the largest size with the smallest, not with a second seed', () => {
    const larger = findings.find(({ rule }) => rule.id === 'larger-is-better');
    expect(larger?.rule.measure).toMatch(/with l minus that with s/);
  });

  it('say of what cannot be tested here what it would take', () => {
    const elsewhere = findings.filter(({ section }) => section === 'elsewhere');
    expect(elsewhere.map(({ rule }) => rule.id)).toContain('harmlessness');
    for (const { note } of elsewhere) expect(note).toMatch(/--upstream/);
  });
});

/** The corrector makes right what the upstream got wrong, problem after problem. */
function record(i: number, corrector: string): RoundsRecord {
  const answer = (right: boolean, score: number | null): RoundsAnswer => ({
    ...{ text: '', right, score, sentences: 3 },
    characters: right ? 90 : 100,
  });
  const ks = [0, 1, 2, 3].map((k) => answer(k >= 1 + (i % 3), null));
  return {
    ...{ corrector, problem: `p${i}`, group: 'seen', revisions: [] },
    classic: { ...answer(true, null), stop: 'empty-correction', rounds: 3 },
    continued: { upstream: ks, corrector: ks },
  };
}

function judge(count: number, missing = new Map<string, string>()) {
  const results = new Results();
  const records = Array.from({ length: count }, (_, i) => record(i, 'corrector-x-m'));
  results.add('rounds', null, { summary: roundsExample, records });
  const judged = judgePaper({ models, results, seed: 0, solved: false, missing });
  const of = (id: string) => judged.find((finding) => finding.id === id);
  return { judged, of };
}

describe('judgePaper', () => {
  it('measures what is there, in the unit of the rule, with the paths of its records', () => {
    const { of } = judge(40);
    expect(of('rounds-gain-m')).toMatchObject({
      ...{ verdict: 'holds', estimate: 100, unit: 'points', n: 40 },
      ...{ section: 'rounds', about: 'corrector m', records: ['rounds/records.jsonl'] },
    });
    expect(of('rounds-rise-m')?.verdict).toBe('holds');
    expect(of('length-m')).toMatchObject({ verdict: 'opposite', estimate: -10 });
  });

  it('gives no verdict on a few, however alike they are', () => {
    const { of } = judge(leastUnits - 1);
    expect(of('rounds-gain-m')).toMatchObject({ verdict: 'tooFew', estimate: 100, p: null });
    expect(of('rounds-gain-m')?.note).toMatch(/Fewer than 16/);
  });

  it('says why there is no number: no solver, no records, a part that failed', () => {
    const missing = new Map([['scan-corrector-x-s', 'The part scan-corrector-x-s failed: why.']]);
    const { of } = judge(40, missing);
    expect(of('scores-rise-m')).toMatchObject({ verdict: 'untestable', estimate: null });
    expect(of('scores-rise-m')?.note).toMatch(/judged by the final answer alone/);
    expect(of('rounds-gain-l')?.verdict).toBe('untestable');
    expect(of('scan-s')?.note).toBe('The part scan-corrector-x-s failed: why.');
    expect(of('scan-s')?.records).toEqual([]);
  });

  it('does not depend on other findings, save by Holm’s correction', () => {
    const whole = judge(40).of('rounds-rise-m');
    const results = new Results();
    const records = Array.from({ length: 40 }, (_, i) => record(i, 'corrector-x-m'));
    results.add('rounds', null, { summary: roundsExample, records });
    const one = { ...models, sizes: models.sizes.slice(1, 3) };
    const alone = judgePaper({ models: one, results, seed: 0, solved: false, missing: new Map() });
    const { estimate, ci, p } = alone.find(({ id }) => id === 'rounds-rise-m') ?? {};
    expect([estimate, ci, p]).toEqual([whole?.estimate, whole?.ci, whole?.p]);
  });
});

describe('units', () => {
  const effect = { n: 30, estimate: 0.8, ci: [0.7, 0.95] as [number, number], p: 0.01 };

  it('turn shares into points, and a ratio into what is saved, interval included', () => {
    expect(inPoints(effect)).toMatchObject({ estimate: 80, p: 0.01 });
    const saved = saving(effect);
    expect(saved?.estimate).toBeCloseTo(0.2);
    expect(saved?.ci?.map((x) => Number(x.toFixed(2)))).toEqual([0.05, 0.3]);
    expect([inPoints(null), saving(undefined)]).toEqual([null, null]);
  });
});
