/** Pages and figures as files, as far as that needs no browser; with one: test/browser. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/plot/page/browser.js';
import { exportPages } from '../../src/plot/page/export.js';
import type { Figure } from '../../src/plot/figure.js';
import { openNotebook, type NotebookDisplay } from '../../src/notebook/notebook.js';
import { defaultRoom, NoRoom, type Room } from '../../src/plot/layout/panels.js';
import { planDrawing, withResolution } from '../../src/plot/page/painter.js';
import { sweepPage } from '../../src/experiment/sweep/page.js';
import { sweepExample } from '../experiment/examples.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

describe('findBrowser', () => {
  const there =
    (...paths: string[]) =>
    (path: string): boolean =>
      paths.includes(path);

  it('takes CHROME_PATH first, and never another in its place', () => {
    const env = { CHROME_PATH: '/opt/chrome', PATH: '/usr/bin' };
    const isProgram = there('/opt/chrome', '/usr/bin/chromium');
    expect(findBrowser({ env, platform: 'linux', isProgram })).toBe('/opt/chrome');
    const only = there('/usr/bin/chromium');
    expect(() => findBrowser({ env, platform: 'linux', isProgram: only })).toThrow(
      'browser: CHROME_PATH is no program (expected Chromium or Chrome, got /opt/chrome)',
    );
  });

  it.each([
    ['linux', { PATH: '/a:/b' }, '/b/google-chrome'],
    ['darwin', { PATH: '' }, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    ['darwin', { HOME: '/u' }, '/u/Applications/Chromium.app/Contents/MacOS/Chromium'],
    ['win32', { PROGRAMFILES: 'C:\\P' }, 'C:\\P\\Google\\Chrome\\Application\\chrome.exe'],
    ['win32', { LOCALAPPDATA: 'C:\\L' }, 'C:\\L\\Chromium\\Application\\chrome.exe'],
  ] as const)('looks in the usual places of %s', (platform, env, path) => {
    expect(findBrowser({ env, platform, isProgram: there(path) })).toBe(path);
  });

  it('says what to install, by system', () => {
    const none = { env: { PATH: '/a' }, isProgram: () => false };
    expect(() => findBrowser({ ...none, platform: 'linux' })).toThrow(
      /no Chromium or Chrome found.*apt install chromium, or set CHROME_PATH/,
    );
    expect(() => findBrowser({ ...none, platform: 'win32' })).toThrow(/winget install/);
    expect(() => findBrowser({ ...none, platform: 'darwin' })).toThrow(/brew install/);
  });

  it('takes no folder and no text for a program', () => {
    const text = join(folder.path, 'text');
    for (const path of [folder.path, text]) {
      expect(() => findBrowser({ env: { CHROME_PATH: path } })).toThrow('is no program');
    }
  });
});

describe('planDrawing', () => {
  const figure: Figure = { data: [], layout: { height: 468 } };
  const draw = (): Figure => figure;

  it('makes 13 CSS pixels 8 points, at 300 dots per inch', () => {
    const { width, height, scale } = planDrawing({ draw }, { size: { width: 7 } });
    expect([width, height]).toEqual([819, 468]);
    expect((13 * 7 * 72) / width).toBeCloseTo(8, 10);
    expect(width * scale).toBeCloseTo(7 * 300, 10);
  });

  it('hands the figure the room that it will have, and takes its own height where none is given', () => {
    const rooms: Room[] = [];
    const drawn = (room: Room): Figure => {
      rooms.push(room);
      return figure;
    };
    expect(planDrawing({ draw: drawn }, { size: { width: 3.3 } }).height).toBe(468);
    expect(planDrawing({ draw: drawn }, { size: { width: 5, height: 3 } }).height).toBe(351);
    planDrawing({ draw: drawn }, {});
    expect(rooms).toEqual([{ width: 386 }, { width: 585, height: 351 }, { width: 1200 }]);
  });

  it('says in inches what would do where there is no room', () => {
    const refuse = (room: Room): Figure => {
      throw new NoRoom({ width: 234, height: 351 }, room);
    };
    expect(() => planDrawing({ draw: refuse }, { size: { width: 1, height: 1 } })).toThrow(
      'size: 1x1 in leaves a figure no room beside its labels (expected at least 2x3); draw it larger',
    );
  });
});

describe('withResolution', () => {
  it('adds a chunk of dots per metre after the header', () => {
    const header = Buffer.alloc(33, 7);
    const png = withResolution(Buffer.concat([header, Buffer.from('rest')]), 300);
    expect(png.subarray(33, 41).toString('latin1')).toBe('\0\0\0\u0009pHYs');
    expect(png.readUInt32BE(41)).toBe(11811);
    expect(png.readUInt32BE(50)).toBe(crc32(png.subarray(37, 50)));
    expect(png.subarray(54).toString()).toBe('rest');
  });
});

describe('exportPages', () => {
  const pages = { sweep: sweepPage(sweepExample) };

  it('writes a page, and the data of each figure with its caption', async () => {
    const target = join(folder.path, 'deep', 'figures');
    const paths = await exportPages({ folder: target, pages, formats: ['json', 'html'] });
    expect(paths).toEqual([join(target, 'sweep.html'), join(target, 'sweep-steering-curve.json')]);
    const { data, layout } = JSON.parse(readFileSync(paths[1] ?? '', 'utf8')) as {
      data: unknown[];
      layout: { meta: { caption: string } };
    };
    const [section] = pages.sweep.sections;
    expect(data).toEqual(JSON.parse(JSON.stringify(section && 'draw' in section && section.draw(defaultRoom).data))); // prettier-ignore
    expect(layout.meta.caption).toBe(section?.caption);
    expect(readdirSync(target)).toHaveLength(2);
  });

  it('starts nothing where a picture has no browser', async () => {
    const target = join(folder.path, 'none');
    await expect(exportPages({ folder: target, pages, formats: ['svg', 'html'] })).rejects.toThrow(
      'export: svg need a browser',
    );
    expect(existsSync(target)).toBe(false);
  });

  it('says where a browser does not start', async () => {
    const browser = join(folder.path, 'no-browser');
    await expect(
      exportPages({ folder: folder.path, pages, formats: ['png'], browser }),
    ).rejects.toThrow(/browser: .*no-browser does not start \(.*\); set CHROME_PATH to another/);
  });
});

describe('openNotebook', () => {
  const figure: Figure = { data: [{ y: [1] }], layout: { height: 300 } };

  function fakeDisplay(): { display: NotebookDisplay; shown: [string, unknown][] } {
    const shown: [string, unknown][] = [];
    const display: NotebookDisplay = {
      html: (html) => void shown.push(['html', html]),
      png: (bytes) => void shown.push(['png', bytes]),
      raw: (type, content) => void shown.push([type, content]),
    };
    return { display, shown };
  }

  it('hands plotly’s type on as an object, with a ground, and the caption as text', async () => {
    const { display, shown } = fakeDisplay();
    await openNotebook({ display, figures: 'plotly' }).figure(figure, '<caption>');
    const [first, second] = shown;
    expect(first?.[0]).toBe('application/vnd.plotly.v1+json');
    expect(first?.[1]).toMatchObject({ data: [{ y: [1] }], layout: { height: 300 } });
    expect(JSON.stringify(first?.[1])).toContain('"paper_bgcolor":"#ffffff"');
    expect(second).toEqual(['html', expect.stringContaining('&lt;caption&gt;')]);
  });

  it('draws inline, in a frame of its own, where no browser is found', async () => {
    const { display, shown } = fakeDisplay();
    const env = { CHROME_PATH: join(folder.path, 'nowhere') };
    await openNotebook({ display, env }).figure(figure, 'c');
    expect(shown).toHaveLength(1);
    expect(shown[0]?.[1]).toMatch(/^<iframe srcdoc="&lt;!doctype html&gt;/);
    const pictures = openNotebook({ display, env, figures: 'picture' });
    await expect(pictures.figure(figure)).rejects.toThrow('CHROME_PATH is no program');
  });

  it('shows tables, rounds and tokens as one output each', () => {
    const { display, shown } = fakeDisplay();
    const notebook = openNotebook({ display, figures: 'plotly' });
    const scanCase = { id: 'p', label: 'copy' as const, tokens: ['a'], readings: [[1]] };
    notebook.table([{ a: 1 }], 'one row');
    notebook.rounds([]);
    notebook.tokens({ scanCase, layer: 0, standardize: 'raw' });
    expect(shown.map(([type]) => type)).toEqual(['html', 'html', 'html']);
    expect(shown.map(([, html]) => /<p [^>]*>(.*?) ?[.:]?<\/p>/.test(String(html)))).toEqual([true, true, true]); // prettier-ignore
  });
});
