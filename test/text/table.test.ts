/** Tables within the width of a terminal. Widths of characters: Unicode's East Asian Width (UAX 11). */
import { describe, expect, it } from 'vitest';
import { columnsOf, cutToColumns } from '../../src/text/columns.js';
import { Labelled, layOutLabelled } from '../../src/text/labelled.js';
import { formatTable, layOut, percentWithin, Table } from '../../src/text/table.js';

describe('columns of a text', () => {
  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['한국', 4],
    ['ﾊﾝ', 2],
    ['ｆｕ', 4],
    ['👍🏽', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['…–', 2],
    ['', 0],
  ])('%s takes %i', (text, columns) => expect(columnsOf(text)).toBe(columns));

  it('are cut between characters', () => {
    expect(cutToColumns('日本語', 5)).toBe('日本');
    expect(cutToColumns('e\u0301e\u0301', 1)).toBe('e\u0301');
  });
});

it('a share says of how many it is, where that is known', () => {
  expect(percentWithin(0.5, [0.4, 0.6], 40)).toBe('50.0 % [40.0, 60.0] of 40');
  expect(percentWithin(0.5, null)).toBe('50.0 %');
  expect(percentWithin(null, null, 0)).toBe('–');
});

describe('a table', () => {
  const head = ['system', 'n', 'right', 'seen', 'unseen', 'fixed', 'broken', 'ms/token'];
  const row = ['1000', '81.2 % [78.6, 83.4]', '84.0 %', '19.1 %', '62.0 %', '4.1 %', '1.23'];
  const table = new Table(head, [
    ['stream-corrector-arithmetic-m', ...row],
    ['上流', ...row],
  ]);
  const lines = (width?: number): string[] => layOut(table, width).split('\n');

  it('is as wide as it is in a pipe', () => {
    expect(lines()).toHaveLength(3);
    expect(layOut(table)).toBe(formatTable(table.head, table.rows));
    expect(new Set(lines().map(columnsOf)).size).toBe(1);
  });

  it.each([40, 60, 80, 100])('fits %i columns, and nothing is lost', (width) => {
    expect(Math.max(...lines(width).map(columnsOf))).toBeLessThanOrEqual(width);
    const words = (text: string): string[] => text.match(/\S+/g) ?? [];
    const shown = new Set(words(layOut(table, width)));
    if (width >= 60) for (const word of words(layOut(table))) expect(shown).toContain(word);
  });

  it('aligns wide characters', () => {
    const [first, ...others] = formatTable(['a', 'n'], [['日本', '1'], ['abcd', '22']]).split('\n'); // prettier-ignore
    expect([first, ...others]).toEqual(['a      n', '日本   1', 'abcd  22']);
  });

  it('repeats the first column, and keeps the order of the others', () => {
    const small = new Table(['x', 'aaaa', 'bbbb', 'cccc'], [['1', '2', '3', '4']]);
    expect(layOut(small, 14)).toBe('x  aaaa  bbbb\n1     2     3\n\nx  cccc\n1     4');
  });

  it('breaks what is too wide for any terminal at blanks', () => {
    const wide = new Table(['a'.repeat(30), 'one two three'], [['b', 'four five']]);
    expect(Math.max(...layOut(wide, 24).split('\n').map(columnsOf))).toBeLessThanOrEqual(24); // prettier-ignore
    expect(layOut(wide, 24)).toContain('four');
  });
});

describe('a line behind a label', () => {
  const line = new Labelled('ok      node    ', 'v22.1.0, expected at least 20.19, 模型 here');
  const lines = (width?: number): string[] => layOutLabelled(line, width).split('\n');

  it('is one line where it fits, and in a pipe', () => {
    expect(lines()).toEqual([line.label + line.text]);
    expect(lines(columnsOf(line.label + line.text))).toHaveLength(1);
  });

  it('goes on below itself, and below its label where that leaves little room', () => {
    expect(lines(44)).toEqual([
      'ok      node    v22.1.0, expected at least',
      '                20.19, 模型 here',
    ]);
    expect(lines(24)).toEqual([
      'ok      node',
      '    v22.1.0, expected at',
      '    least 20.19, 模型',
      '    here',
    ]);
  });

  it('loses nothing and is never wider than the terminal', () => {
    const bare = (text: string): string => text.replace(/\s/g, '');
    for (let width = 2; width < 70; width += 1) {
      for (const one of lines(width)) expect(columnsOf(one), one).toBeLessThanOrEqual(width);
      expect(bare(lines(width).join(''))).toBe(bare(line.label + line.text));
    }
  });
});
