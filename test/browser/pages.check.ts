/** Every page as a reader opens it: no error, nothing fetched, values on hover, both grounds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/plot/page/browser.js';
import { renderPage } from '../../src/plot/page/html.js';
import { figuresOf } from '../../src/plot/page/page.js';
import { hostilePages } from '../experiment/hostile.js';
import { defaultRoom } from '../../src/plot/layout/panels.js';
import { pages } from './examples.js';

const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-pages-'));
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowser({ env: process.env }) });
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

interface Opened extends AsyncDisposable {
  tab: Tab;
  complaints: string[];
  requests: string[];
}

async function open(name: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  const page = pages[name] ?? hostilePages.find(({ kind }) => name === `hostile-${kind}`)?.page;
  if (page === undefined) throw new Error(`no page ${name}`);
  const file = join(folder, `${name}.html`);
  writeFileSync(file, renderPage(page));
  const tab = await browser.newPage({ colorScheme, viewport: { width: 1300, height: 900 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  tab.on('console', (message) => complaints.push(message.text()));
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await tab.goto(url);
  await tab.waitForFunction(
    `document.querySelectorAll('.main-svg').length >= ${figuresOf(page).length}`,
  );
  return { tab, complaints, requests, [Symbol.asyncDispose]: () => tab.close() };
}

describe.each(Object.keys(pages))('the page %s', (name) => {
  it('opens without a word on the console, and asks for nothing', async () => {
    await using opened = await open(name);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
    const drawn = await opened.tab.locator('.figure .main-svg:first-child').count();
    expect(drawn).toBe(figuresOf(pages[name] ?? { title: '', sections: [] }).length);
    expect(await opened.tab.locator('img').count()).toBe(0);
  });

  it('keeps its text within the figures', async () => {
    await using opened = await open(name);
    // Labels that stick out of the drawing are cut.
    const cut = await opened.tab.evaluate<string[]>(`
      [...document.querySelectorAll('.figure')].flatMap((figure) => {
        const box = figure.getBoundingClientRect();
        return [...figure.querySelectorAll('.main-svg text')].filter((text) => {
          const at = text.getBoundingClientRect();
          return at.width > 0 && (at.left < box.left - 1 || at.right > box.right + 1 ||
            at.top < box.top - 1 || at.bottom > box.bottom + 1);
        }).map((text) => text.textContent);
      })`);
    expect(cut).toEqual([]);
  });
});

describe.each(hostilePages)('the page of hostile texts, $kind', ({ kind, page }) => {
  it('runs nothing of theirs, and asks for nothing', async () => {
    await using opened = await open(`hostile-${kind}`);
    for (const figure of await opened.tab.locator('.figure').all()) await figure.hover();
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
    expect(await opened.tab.title()).toContain(page.title);
    expect(await opened.tab.locator('img, a[href^="javascript"], iframe').count()).toBe(0);
  });
});

describe('grounds', () => {
  it('follow the reader’s setting, also when it changes', async () => {
    await using opened = await open('sweep', 'dark');
    const colourOf = (): Promise<string> =>
      opened.tab.evaluate<string>(
        "getComputedStyle(document.querySelector('.xtick text')).fill + getComputedStyle(document.body).backgroundColor",
      );
    expect(await colourOf()).toBe('rgb(221, 221, 221)rgb(24, 26, 27)');
    await opened.tab.emulateMedia({ colorScheme: 'light' });
    await expect.poll(colourOf).toBe('rgb(34, 34, 34)rgb(255, 255, 255)');
  });
});

/** Moves the mouse over a place of a subplot, in its data's units. */
async function hover(
  tab: Tab,
  at: { figure: number; axes: [string, string]; x: number; y: number },
): Promise<string> {
  const place = await tab.evaluate<{ x: number; y: number }>(`(() => {
    const figure = document.getElementById('figure-${at.figure}');
    figure.scrollIntoView({ block: 'center' });
    const { ${at.axes[0]}: x, ${at.axes[1]}: y } = figure._fullLayout;
    const box = figure.getBoundingClientRect();
    return { x: box.left + x._offset + x.l2p(${at.x}), y: box.top + y._offset + y.l2p(${at.y}) };
  })()`);
  await tab.mouse.move(place.x + 2, place.y + 1);
  await tab.mouse.move(place.x, place.y);
  const label = tab.locator('.hoverlayer .hovertext').first();
  await label.waitFor();
  return (await label.textContent()) ?? '';
}

describe('hovering', () => {
  it('over a cell gives its reading and token', async () => {
    await using opened = await open('scan');
    const [section] = figuresOf(pages['scan'] ?? { title: '', sections: [] });
    const readings = section?.draw(defaultRoom).data[0]?.['z'] as number[][];
    const at = { figure: 0, axes: ['xaxis', 'yaxis'] as [string, string], x: 2, y: 4 };
    const text = await hover(opened.tab, at);
    expect(text).toContain('layer 4, token 2 " has"');
    expect(text).toContain(`reading ${readings[4]?.[2]?.toFixed(2).replace('-', '−')}`);
  });

  it('over a point of the steering curve gives its mean and n', async () => {
    await using opened = await open('sweep');
    const text = await hover(opened.tab, {
      ...{ figure: 0, axes: ['xaxis', 'yaxis'] },
      ...{ x: 1, y: Number((0.45 + 0.3 * Math.tanh(1.2)).toFixed(4)) },
    });
    expect(text).toContain('coefficient 1: 0.700, n = 200');
  });

  it('over a layer of a method gives its accuracy', async () => {
    await using opened = await open('health');
    const methods = figuresOf(pages['health'] ?? { title: '', sections: [] })[1];
    const curve = methods?.draw(defaultRoom).data.at(-2) as { y: number[] };
    const text = await hover(opened.tab, {
      ...{ figure: 1, axes: ['xaxis', 'yaxis'], x: 2, y: curve.y[2] ?? 0 },
    });
    expect(text).toContain(`layer 2: ${curve.y[2]?.toFixed(3)} [`);
  });

  it('over a token has its reading as title', async () => {
    await using opened = await open('scan');
    const title = await opened.tab.locator('.tokens span').first().getAttribute('title');
    expect(title).toMatch(/^"<start>": reading \(z-score\) -?\d+\.\d\d$/);
  });
});
