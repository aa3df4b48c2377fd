/** Every figure at every size, and every page at every width: no text over another, over a panel, or cut. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { safeFigure, type Figure } from '../../src/plot/figure.js';
import { findBrowser } from '../../src/plot/page/browser.js';
import { columnWidths, type Ground, type PaperSize } from '../../src/plot/page/formats.js';
import { installedPlotly, renderPage } from '../../src/plot/page/html.js';
import { figuresOf } from '../../src/plot/page/page.js';
import { planDrawing } from '../../src/plot/page/painter.js';
import { onGround } from '../../src/plot/theme.js';
import { pages } from './examples.js';
import { textFaults } from './textFaults.js';

const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-legible-'));
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowser({ env: process.env }) });
  tab = await browser.newPage();
  await tab.addScriptTag({ content: installedPlotly() });
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const figures = Object.entries(pages).flatMap(([kind, page]) =>
  kind === 'report'
    ? []
    : figuresOf(page).map((section) => ({ ...section, name: `${kind}-${section.name}` })),
);

/** What is wrong with a figure of 20 … pixels that the layout names. */
async function faultsOf(figure: Figure): Promise<string[]> {
  const { width, height } = figure.layout as { width: number; height: number };
  await tab.setViewportSize({ width: width + 20, height: height + 20 });
  await tab.evaluate(`(async () => {
    document.body.innerHTML = '<div class="figure" style="width:${width}px;height:${height}px"></div>';
    await Plotly.newPlot(document.querySelector('.figure'), ${JSON.stringify(figure)});
  })()`);
  return textFaults(tab);
}

describe('textFaults', () => {
  const curve = { type: 'scatter', mode: 'lines', x: [0, 1], y: [0, 1] };
  const size = { width: 400, height: 300, margin: { t: 20, r: 20, b: 40, l: 40 } };
  const note = { showarrow: false, x: 0.5, y: 0.5 };

  it('sees texts over each other, over a panel, crossed by a curve, and cut', async () => {
    const annotations = [
      { ...note, text: 'one' },
      { ...note, text: 'two' },
    ];
    const faults = await faultsOf({ data: [curve], layout: { ...size, annotations } });
    expect(faults).toEqual([
      ...['"one" lies over "two"', '"one" lies over a panel', '"one" is crossed by a curve'],
      ...['"two" lies over a panel', '"two" is crossed by a curve'],
    ]);
    const yaxis = { tickvals: [0.5], ticktext: ['much too long a name'] };
    expect(await faultsOf({ data: [curve], layout: { ...size, yaxis } })).toEqual([
      '"much too long a name" leaves the figure',
    ]);
  });

  it('says nothing of a plain figure', async () => {
    expect(await faultsOf({ data: [curve], layout: size })).toEqual([]);
  });
});

/** Of the papers' columns, both directions given, and a screen. */
const sizes: Record<string, PaperSize | undefined> = {
  single: { width: columnWidths.single },
  double: { width: columnWidths.double },
  '5x3.5': { width: 5, height: 3.5 },
  '3.3x2.5': { width: 3.3, height: 2.5 },
  screen: undefined,
};

describe.each(Object.entries(sizes))('at %s', (_, size) => {
  it.each(figures)('$name is legible', async ({ draw }) => {
    const { figure, width, height } = planDrawing({ draw }, size ? { size } : {});
    const ground: Ground = size ? 'light' : 'dark';
    const { data, layout } = onGround(safeFigure(figure), ground);
    expect(await faultsOf({ data, layout: { ...layout, width, height } })).toEqual([]);
  });
});

describe.each([[390], [768], [1440]])('in a window of %i pixels', (width) => {
  it.each(Object.keys(pages))(
    'the page %s is legible, and nothing is wider than the window',
    async (name) => {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, renderPage(pages[name] ?? { title: '', sections: [] }));
      const opened = await browser.newPage({ viewport: { width, height: 900 } });
      await opened.goto(pathToFileURL(file).href);
      await opened.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })",
      );
      const count = figuresOf(pages[name] ?? { title: '', sections: [] }).length;
      await opened.waitForFunction(
        `document.querySelectorAll('.figure .main-svg:first-child').length >= ${count}`,
      );
      const wide = await opened.evaluate<number>('document.documentElement.scrollWidth');
      const faults = await textFaults(opened);
      await opened.close();
      expect(faults).toEqual([]);
      expect(wide).toBeLessThanOrEqual(width);
    },
  );
});
