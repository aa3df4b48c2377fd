import { describe, expect, it } from 'vitest';
import { terminalScan } from '../../src/experiment/scan/figures/terminal.js';
import type { ScanCase } from '../../src/experiment/scan/shape.js';
import { columnsOf } from '../../src/text/columns.js';
import { scanExample } from '../experiment/examples.js';

const small: ScanCase = {
  id: 'p1',
  label: 'correct',
  tokens: ['She', ' has', '\n'],
  readings: [
    [3, 0, -3],
    [1, -1, 0.1],
    [9, 2, -9],
  ],
};
const plain = { standardize: 'zscore', width: 16, colour: 'none' } as const;
// eslint-disable-next-line no-control-regex
const withoutColour = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, '');

describe('terminalScan without colour', () => {
  it('draws layer 0 at the bottom, signs and strengths, tokens downwards', () => {
    expect(terminalScan({ ...plain, cases: [small] }).split('\n')).toEqual([
      'corrects: p1',
      '  2 ####****%%%%',
      '  1 ++++----····',
      '  0 ####····%%%%',
      '     S   ␣   ⏎',
      '     h   h',
      '     e   a',
      '         s',
      '',
      'copy −3 %=-·+*#…',
    ]);
  });

  it('shows the layers that are asked for, by their names', () => {
    const cases = [{ ...small, boundary: [-3, 0, 3] }];
    const lines = terminalScan({ ...plain, width: 20, cases, shownLayers: [0, 2] }).split('\n');
    expect(lines.slice(1, 4)).toEqual([
      '  2 ########****%%%%',
      '  0 %%%%####····%%%%',
      '     →   S   ␣   ⏎',
    ]);
    const coloured = { ...plain, width: 20, cases, shownLayers: [0, 1, 2], colour: '256' } as const;
    const margins = withoutColour(terminalScan(coloured)).split('\n').slice(1, 3);
    expect(margins.map((line) => line.slice(0, 4))).toEqual(['  2 ', '  0 ']);
  });

  it('puts the boundary token first, on the same scale, and counts it as no token', () => {
    const cases = [{ ...small, boundary: [-3, 0, 3] }];
    const lines = terminalScan({ ...plain, width: 20, cases }).split('\n');
    expect(lines.slice(1, 5)).toEqual([
      '  2 ########****%%%%',
      '  1 ····++++----····',
      '  0 %%%%####····%%%%',
      '     →   S   ␣   ⏎',
    ]);
  });

  it('leaves tokens out that do not fit, and says so', () => {
    const lines = terminalScan({ ...plain, cases: [small], width: 6 }).split('\n');
    expect(lines[1]).toBe('  2 #*');
    const wide = terminalScan({ ...plain, cases: scanExample.cases, width: 14 });
    expect(wide).toContain('  5 ');
    expect(() => terminalScan({ ...plain, cases: [small], width: 4 })).toThrow('at least 5');
  });

  it('keeps every line within the width', () => {
    for (const width of [5, 20, 33, 80, 200]) {
      for (const colour of ['none', '256', 'truecolor'] as const) {
        const text = terminalScan({ ...plain, cases: scanExample.cases, width, colour });
        for (const line of withoutColour(text).split('\n')) {
          expect(columnsOf(line), line).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  it('counts the columns of titles and labels, which may be wide', () => {
    const labels = { positive: '喜び', negative: '悲しみ' };
    const cases = [{ ...small, label: 'positive' as const, id: '質問一'.repeat(9) }];
    for (const width of [8, 13, 24, 47, 80]) {
      for (const colour of ['none', '256'] as const) {
        const lines = withoutColour(terminalScan({ ...plain, cases, labels, width, colour })).split('\n'); // prettier-ignore
        for (const line of lines) expect(columnsOf(line), line).toBeLessThanOrEqual(width);
      }
    }
    const [title] = terminalScan({ ...plain, cases, labels, width: 24 }).split('\n');
    expect(title).toBe('喜び: 質問一質問一質問…');
  });

  it('lets no control character of a token or an id through', () => {
    const hostile = {
      ...small,
      id: 'a\u001b[2Jb',
      tokens: ['\u001b]0;x\u0007', '漢字', 'e\u0301'],
    };
    const text = terminalScan({ ...plain, cases: [hostile], width: 40 });
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|漢|\u0301/);
    expect(text).toContain('□');
  });
});

describe('terminalScan in colour', () => {
  it('puts two layers into a line of half blocks', () => {
    const text = terminalScan({ ...plain, cases: [small], colour: 'truecolor' });
    const lines = text.split('\n');
    // Layer 2 (clipped at +3: dark red) over layer 1 (+1), then layer 0 alone.
    expect(lines[1]).toContain('\u001b[38;2;178;24;43m\u001b[48;2;');
    expect(lines[2]).toContain('\u001b[38;2;178;24;43m▀▀▀▀\u001b[0m');
    expect(lines[2]).toContain('\u001b[38;2;247;247;247m▀▀▀▀\u001b[0m');
    expect(lines[2]).toContain('\u001b[38;2;33;102;172m▀▀▀▀\u001b[0m');
    expect(withoutColour(text).split('\n')[1]).toBe(`  2 ${'▀'.repeat(12)}`);
  });

  it('falls back to 256 colours', () => {
    const text = terminalScan({ ...plain, cases: [small], colour: '256' });
    expect(text).toContain('\u001b[38;5;124m');
    expect(text).not.toContain(';2;');
  });
});
