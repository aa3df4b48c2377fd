import { describe, expect, it } from 'vitest';
import { editMetrics } from '../../src/text/edits.js';
import {
  editMetricLabel,
  editMetricNames,
  editMetricTable,
  editMetricTitle,
  goesWithLabels,
  resolveEditMetric,
  type EditMetricName,
} from '../../src/text/editMetricTable.js';

const pairs: [string, string][] = [
  ['so it is', 'so it is not'],
  ['same', 'same'],
  ['', 'new'],
  ['gone', ''],
  ['naïve 😀 faces', 'naive 😀 face'],
];

describe('the table of edit metrics', () => {
  it.each(editMetricNames)('%s is that of all at once, and its sign is that of change', (name) => {
    const { of, sign } = editMetricTable[name];
    for (const [a, b] of pairs) expect(of(a, b)).toBe(editMetrics(a, b)[name]);
    const [little, much] = [of('a long sentence', 'a long sentences'), of('a long sentence', 'no')];
    expect(Math.sign((much ?? 0) - (little ?? 0))).toBe(sign);
  });

  it('says what its metrics are called; one’s own is called by its name', () => {
    expect(editMetricLabel('editRatio')).toBe('edit ratio');
    expect(editMetricTitle('editRatio')).toMatch(/Levenshtein/);
    expect(editMetricTitle('indelSimilarity')).toBe('indel similarity to y1');
    expect(editMetricTitle('words')).toBe('words');
  });

  it('tells whether a slope goes with the labels', () => {
    expect(goesWithLabels(resolveEditMetric('indelSimilarity'), -0.1)).toBe(true);
    expect(goesWithLabels(resolveEditMetric('indelSimilarity'), 0.1)).toBe(false);
    expect(goesWithLabels(resolveEditMetric(), 0)).toBe(true);
  });

  it('refuses unknown names, and one’s own under a name of the table', () => {
    expect(() => resolveEditMetric('bleu' as EditMetricName)).toThrow(
      /unknown name bleu \(expected editRatio \|/,
    );
    const own = { name: 'editRatio', of: () => 1, sign: 1, label: 'mine' } as const;
    expect(() => resolveEditMetric(own)).toThrow(/cannot be called "editRatio"/);
  });
});
