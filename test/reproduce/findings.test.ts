import { describe, expect, it } from 'vitest';
import { judgeFindings, type FindingRule } from '../../src/reproduce/findings.js';
import type { Effect } from '../../src/math/effect.js';

const rule = (id: string, threshold = 0): FindingRule => ({
  id,
  source: 'Figure 3',
  claim: 'more rounds are better',
  measure: 'gain',
  unit: 'points',
  threshold,
});

const effect = (estimate: number, p: number): Effect => ({
  n: 100,
  estimate,
  ci: [estimate - 1, estimate + 1],
  p,
});

describe('judgeFindings', () => {
  it('says holds above the threshold, opposite below it, undecided where p is large', () => {
    const findings = judgeFindings([
      { rule: rule('a'), effect: effect(3, 0.001) },
      { rule: rule('b'), effect: effect(-3, 0.001) },
      { rule: rule('c'), effect: effect(3, 0.4) },
      { rule: rule('d', 5), effect: effect(3, 0.001) },
    ]);
    expect(findings.map(({ verdict }) => verdict)).toEqual([
      'holds',
      'opposite',
      'undecided',
      'opposite',
    ]);
  });

  it('corrects over all of them: what one finding may claim, ten may not', () => {
    const one = judgeFindings([{ rule: rule('a'), effect: effect(3, 0.02) }]);
    expect(one[0]?.verdict).toBe('holds');
    const ten = judgeFindings(
      Array.from({ length: 10 }, (_, i) => ({ rule: rule(`${i}`), effect: effect(3, 0.02) })),
    );
    expect(ten.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 10 }, () => 'undecided'),
    );
  });

  it('sets apart what was measured on too few, whatever its number, and corrects without it', () => {
    const findings = judgeFindings([
      { rule: rule('a'), effect: { ...effect(3, 0.02), p: null }, tooFew: true },
      { rule: rule('b'), effect: effect(3, 0.03) },
    ]);
    expect(findings.map(({ verdict }) => verdict)).toEqual(['tooFew', 'holds']);
  });

  it('takes nothing else of what was measured, which the shape of a report would refuse', () => {
    const more = { ...effect(3, 0.02), size: 'm', over: 'aligner' };
    const [finding] = judgeFindings([{ rule: rule('a'), effect: more }]);
    expect(Object.keys(finding ?? {})).not.toContain('size');
  });

  it('calls untestable what has no effect, and lets it weigh nothing', () => {
    const findings = judgeFindings([
      { rule: rule('a'), effect: effect(3, 0.04) },
      { rule: rule('b'), effect: null, note: 'needs a judge' },
    ]);
    expect(findings.map(({ verdict }) => verdict)).toEqual(['holds', 'untestable']);
    expect(findings[1]?.note).toBe('needs a judge');
  });

  it('refuses an id that occurs twice', () => {
    const twice = { rule: rule('a'), effect: null };
    expect(() => judgeFindings([twice, twice])).toThrow(/a is there twice/);
  });
});
