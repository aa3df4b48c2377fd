/** Room for text, before a browser measures any. What one measures: test/browser/legible.check.ts. */
import { describe, expect, it } from 'vitest';
import { axisOf, layerAxis } from '../../src/plot/layout/axis.js';
import { legendHeight } from '../../src/plot/layout/legend.js';
import { NoRoom, panelLayout, type Panels } from '../../src/plot/layout/panels.js';
import { shortened, shortenedMiddle, textWidth, wrapped } from '../../src/plot/layout/textSize.js';

describe('textWidth', () => {
  // Advance widths of Arial in thousandths of an em (its hmtx table): 1 556, a 556, i 222, W 944.
  it.each([
    ['111', 3 * 0.556],
    ['aaa', 3 * 0.556],
    ['iii', 3 * 0.222],
    ['WWW', 3 * 0.944],
    ['漢字', 2],
  ])('of %s is at least nearly what Arial needs, and not half as much again', (text, ems) => {
    expect(textWidth(text, 10)).toBeGreaterThanOrEqual(0.95 * 10 * ems);
    expect(textWidth(text, 10)).toBeLessThanOrEqual(1.51 * 10 * ems);
  });

  it('bounds what is shortened and wrapped, and keeps the ends of names', () => {
    const name = 'stream-corrector-arithmetic-m';
    for (const room of [30, 60, 100, 150]) {
      for (const line of [
        shortened(name, room),
        shortenedMiddle(name, room),
        ...wrapped(name, room),
      ]) {
        // prettier-ignore
        expect(textWidth(line), line).toBeLessThanOrEqual(room);
      }
    }
    expect(shortenedMiddle(name, 120)).toMatch(/^stream.*….*-m$/);
    expect(shortened(name, 500)).toBe(name);
    expect(wrapped('a stream of words', 80)).toEqual(['a stream of', 'words']);
  });
});

const names = ['upstream', 'stream-corrector-arithmetic-m', 'aligner-arithmetic-m'];

function rowsOf(count: number): Panels {
  const panel = {
    title: ['the title of a panel'],
    x: layerAxis(12),
    y: { title: 'share', range: [-0.5, 2.5] as const, names: { at: [0, 1, 2], text: names } },
  };
  return {
    rows: Array.from({ length: count }, () => ({ panels: [panel], height: 100, legend: names })),
  };
}

interface Drawn {
  height: number;
  margin: { t: number; r: number; b: number; l: number };
  yaxis: { domain: [number, number]; ticktext: string[] };
  yaxis2: { domain: [number, number] };
  legend: { y: number };
}

describe('panelLayout', () => {
  it('has margins for names, ticks, titles and legend', () => {
    const layout = panelLayout(rowsOf(1), { width: 900 }).layout as unknown as Drawn;
    const widest = Math.max(...names.map((name) => textWidth(name)));
    expect(layout.margin.l).toBeGreaterThan(widest + 20);
    // A line of numbers and one of the title.
    expect(layout.margin.b).toBeGreaterThan(2 * 13);
    expect(layout.margin.t).toBeGreaterThan(legendHeight(names, 900) + 13);
    expect(layout.height).toBe(layout.margin.t + layout.margin.b + 100);
  });

  it('keeps the room of texts between panels, however low the figure is', () => {
    for (const height of [270, 330, 420, 900]) {
      const layout = panelLayout(rowsOf(2), { width: 700, height }).layout as unknown as Drawn;
      const plot = layout.height - layout.margin.t - layout.margin.b;
      const between = (layout.yaxis.domain[0] - layout.yaxis2.domain[1]) * plot;
      // Numbers and axis title of the upper panel, legend and title of the lower one.
      expect(between, String(height)).toBeGreaterThan(2 * 13 + 13 + 13);
      expect(Math.abs(layout.height - height)).toBeLessThanOrEqual(1);
      expect(layout.yaxis2.domain[0]).toBeGreaterThanOrEqual(0);
    }
  });

  it('refuses what leaves its panels nothing, and says what would do', () => {
    expect(() => panelLayout(rowsOf(2), { width: 700, height: 120 })).toThrow(NoRoom);
    const needed = (room: { width: number; height: number }): { width: number; height: number } => {
      try {
        panelLayout(rowsOf(2), room);
      } catch (error) {
        if (error instanceof NoRoom) return error.needed;
      }
      return room;
    };
    for (const room of [
      { width: 700, height: 120 },
      { width: 120, height: 120 },
    ]) {
      const enough = needed(room);
      expect(enough).not.toEqual(room);
      expect(needed({ width: Math.max(enough.width, 386), height: enough.height + 60 })).toEqual({ width: Math.max(enough.width, 386), height: enough.height + 60 }); // prettier-ignore
    }
  });

  it('gives rows of panels no common place', () => {
    const { panels, layout } = panelLayout(rowsOf(3), { width: 400 });
    expect(panels.map(({ x, y }) => [x, y])).toEqual([['x', 'y'], ['x2', 'y2'], ['x3', 'y3']]); // prettier-ignore
    const domains = ['yaxis', 'yaxis2', 'yaxis3'].map(
      (key) => (layout[key] as Drawn['yaxis']).domain,
    );
    domains.slice(1).forEach(([, top], i) => expect(top).toBeLessThan(domains[i]?.[0] ?? 0));
  });
});

describe('axisOf', () => {
  it('names as many layers as have room, and each where each must be there', () => {
    const shown = (room: number): unknown[] =>
      axisOf(layerAxis(40), { side: 'x', room })['tickvals'] as unknown[];
    expect(shown(2000)).toHaveLength(40);
    expect(shown(300).length).toBeLessThan(16);
    const all = { range: [-0.5, 2.5] as const, names: { at: [0, 1, 2], text: names, all: true } };
    expect(axisOf(all, { side: 'y', room: 30, most: 100 })['tickvals']).toEqual([0, 1, 2]);
  });

  it('takes the fullest title that has room', () => {
    const titleAt = (room: number): unknown => axisOf(layerAxis(4), { side: 'x', room })['title'];
    expect(titleAt(300)).toEqual({ text: 'layer (0 = first block)' });
    expect(titleAt(80)).toEqual({ text: 'layer' });
  });

  it('shows times at places that do not crowd', () => {
    const ticks = (room: number): number[] =>
      axisOf({ times: [8, 900] }, { side: 'x', room })['tickvals'] as number[];
    expect(ticks(700)).toEqual([10, 20, 50, 100, 200, 500, 1000]);
    expect(ticks(150)).toEqual([10, 100, 1000]);
  });
});
