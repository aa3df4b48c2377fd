/** HTML elements that stand in pages and notebooks. */
import { describe, expect, it } from 'vitest';
import { divergingColour } from '../../src/plot/figure.js';
import { roundsCaption, roundsHtml, type ShownRound } from '../../src/plot/page/rounds.js';
import { tableHtml } from '../../src/plot/table.js';
import { tokenReadingCaption, tokenReadingHtml } from '../../src/experiment/scan/figures/tokens.js';
import type { ScanCase } from '../../src/experiment/scan/shape.js';

const hostile = '"><img src=x onerror=alert(1)>\'&';

describe('tokenReadingHtml', () => {
  const scanCase: ScanCase = {
    id: 'p1',
    label: 'correct',
    tokens: ['She', '', '\n', hostile],
    readings: [
      [9, 9, 9, 9],
      [3, 0, -3, -1.234],
    ],
  };
  const reading = { scanCase, layer: 1, standardize: 'zscore' } as const;

  it('gives every token its colour, and its reading on hover', () => {
    const spans = [
      ...tokenReadingHtml(reading).text.matchAll(/<span .*?title="(.*?)">(.*?)<\/span>/g),
    ];
    expect(spans.map(([, , text]) => text).slice(0, 3)).toEqual(['She', '␣', '⏎']);
    expect(spans[0]?.[1]).toBe('&quot;She&quot;: reading (z-score) 3.00');
    expect(spans[0]?.[0]).toContain(`rgb(${divergingColour(3, 3).join(',')})`);
    expect(spans[2]?.[0]).toContain(`rgb(${divergingColour(-3, 3).join(',')})`);
    expect(spans[3]?.[1]).toContain('-1.23');
  });

  it('lets no markup of a token through', () => {
    const html = tokenReadingHtml(reading).text;
    expect(html).not.toContain('<img');
    expect(html.match(/<[a-z]+/g)?.every((tag) => ['<div', '<span', '<br', '<wbr'].includes(tag))).toBe(true); // prettier-ignore
  });

  it('names the layers there are where it is asked for another', () => {
    expect(() => tokenReadingHtml({ ...reading, layer: 2 })).toThrow(
      'tokens: p1 has no layer 2 (expected 0 … 1)',
    );
  });

  it('says case, layer and n', () => {
    expect(tokenReadingCaption(reading)).toMatch(/p1, .* after layer 1 of n = 4 output tokens/);
  });
});

describe('roundsHtml', () => {
  const round = (index: number, last: string, correction: string): ShownRound => ({
    ...{ index, phase: 'corrected', last, correction },
    copied: last === correction && last !== '',
    edit: null,
  });
  const cellsOf = (html: string): string[] =>
    [...html.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text]) => (text ?? '').replace(/ style="[^"]*"/g, '')); // prettier-ignore

  it('marks the words that changed, and only those', () => {
    const rounds = [round(0, 'She has 3 bags.', 'She has 3 bags.'), round(1, 'So 3 + 4 = 8.', 'So 3 + 4 = 7.')]; // prettier-ignore
    expect(cellsOf(roundsHtml({ rounds }).text)).toEqual([
      ...['1', 'copied', 'She has 3 bags.'],
      ...['2', 'corrected', 'So 3 + 4 = <del>8</del><ins>7</ins>.'],
    ]);
    expect(roundsCaption({ rounds })).toContain('n = 2 rounds of one answer, 1 copied');
  });

  it('tells how rounds without two sentences went', () => {
    const rounds: ShownRound[] = [
      round(0, '', 'A new one.'),
      { ...round(1, '', 'The rest.'), phase: 'continued' },
      round(2, 'Too much.', ''),
      round(3, '', ''),
    ];
    expect(cellsOf(roundsHtml({ rounds }).text)).toEqual([
      ...['1', 'added', '<ins>A new one.</ins>'],
      ...['2', 'written on', 'The rest.'],
      ...['3', 'ended', '<del>Too much.</del>'],
      ...['4', 'ended', '<i>both have nothing to add</i>'],
    ]);
  });

  it('shows the edit ratio on hover and lets no markup through', () => {
    const edit = { editRatio: 0.51234, normalizedDistance: 0, indelSimilarity: 1, lengthRatio: 1 };
    const html = roundsHtml({ rounds: [{ ...round(0, 'a <b>', `a ${hostile}`), edit }] }).text;
    expect(html).toContain('<tr title="edit ratio 0.512">');
    expect(html).not.toMatch(/<img|<b>/);
  });
});

describe('tableHtml', () => {
  it('has a column for every key, and escapes names and values', () => {
    const html = tableHtml([
      { system: hostile, n: 3 },
      { system: 'b', '<n>': 1 },
    ]).text;
    expect(html).not.toMatch(/<img|<n>/);
    expect(html.match(/<th /g)).toHaveLength(3);
    expect(html.match(/<td /g)).toHaveLength(6);
  });

  it('rounds numbers, keeps whole ones, and shows what is missing as –', () => {
    const html = tableHtml([
      { a: 0.123456, b: 1234567, c: null, d: [0.5, 0.61239], e: undefined },
    ]).text;
    const texts = [...html.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text]) => text);
    expect(texts).toEqual(['0.1235', '1234567', '–', '[0.5, 0.6124]', '–']);
  });
});
