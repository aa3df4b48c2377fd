/**
 * Figures as PNG, SVG and PDF, drawn by plotly.js in an installed Chromium (playwright-core drives it
 * and is loaded only then). Plotly cannot draw without a browser: it measures its text in one.
 */
import type { Ground, PaperSize, PictureFormat } from './formats.js';
import { crc32 } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { safeFigure, type Figure } from '../figure.js';
import { NoRoom } from '../layout/panels.js';
import { installedPlotly } from './html.js';
import type { FigureSection } from './page.js';
import { fontSize, heightOf, onGround } from '../theme.js';
import { bricksOf } from './bricks.js';
import { reasonOf } from '../../text/errorSentence.js';
import { styleElement } from '../../text/markup.js';

export interface PictureOptions {
  format: PictureFormat;
  ground?: Ground;
  /** On paper; then width and scale follow from it. */
  size?: PaperSize;
  /** CSS pixels; default 1200. */
  width?: number;
  /** Device pixels of a PNG per CSS pixel; default 2. */
  scale?: number;
}

/** Dots per inch of a PNG on paper. */
const printResolution = 300;
/** Points of the figures' text on paper; labels of ticks are a little smaller. */
const printFont = 8;
/** CSS pixels per inch at which the figures' own font comes out at {@link printFont}. */
const pixelsPerInch = (fontSize * 72) / printFont;
const screen = { width: 1200, scale: 2 };
/** Of CSS. */
const screenPixelsPerInch = 96;
/** What is to be drawn: CSS pixels, and device pixels per CSS pixel. */
export interface Drawing {
  figure: Figure;
  width: number;
  height: number;
  scale: number;
}

/** What a painter is given: a section, or a figure that has no other arrangement. */
export type Drawable = Pick<FigureSection, 'draw'>;

/**
 * How large a figure is drawn, arranged for that.
 * @throws where the size leaves no room beside its labels; the message says which would.
 */
export function planDrawing(
  { draw }: Drawable,
  options: Pick<PictureOptions, 'size' | 'width' | 'scale'>,
): Drawing {
  const { size } = options;
  const { width = screen.width, scale = screen.scale } = options;
  if (size === undefined) {
    const figure = draw({ width });
    return { figure, height: heightOf(figure), width, scale };
  }
  const room = {
    width: Math.round(size.width * pixelsPerInch),
    ...(size.height !== undefined && { height: Math.round(size.height * pixelsPerInch) }),
  };
  const figure = fittingPaper(() => draw(room), size);
  return {
    ...{ figure, width: room.width, height: room.height ?? heightOf(figure) },
    scale: printResolution / pixelsPerInch,
  };
}

/** The same, with sizes in inches where there is no room. */
function fittingPaper(draw: () => Figure, { width, height }: PaperSize): Figure {
  try {
    return draw();
  } catch (cause) {
    if (!(cause instanceof NoRoom)) throw cause;
    const inches = (pixels: number): number => Math.ceil((10 * pixels) / pixelsPerInch) / 10;
    const needed = `${inches(cause.needed.width)}x${inches(cause.needed.height)}`;
    throw new Error(
      `size: ${width}${height === undefined ? '' : `x${height}`} in leaves a figure no room beside its labels (expected at least ${needed}); draw it larger`,
      { cause },
    );
  }
}

/** Draws figures in a browser of its own, until it is closed. */
export interface Painter extends AsyncDisposable {
  paint(drawable: Drawable, options: PictureOptions): Promise<Buffer>;
}

/**
 * Starts the browser, which takes some seconds.
 * @param options.browser path of Chromium or Chrome (`findBrowser`).
 * @throws where it does not start.
 */
export async function openPainter(options: { browser: string }): Promise<Painter> {
  const { chromium } = await import('playwright-core');
  let browser: Browser;
  try {
    // Ctrl-C is the caller's: playwright would end the process.
    browser = await chromium.launch({ executablePath: options.browser, handleSIGINT: false });
  } catch (cause) {
    const [reason] = reasonOf(cause).split('\n');
    throw new Error(
      `browser: ${options.browser} does not start (${reason}); set CHROME_PATH to another`,
      { cause },
    );
  }
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: installedPlotly() });
    return new BrowserPainter(browser, page);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

class BrowserPainter implements Painter {
  readonly #browser: Browser;
  readonly #page: Page;

  constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  async paint(drawable: Drawable, options: PictureOptions): Promise<Buffer> {
    const { format, ground = 'light', size } = options;
    const drawing = planDrawing(drawable, options);
    if (format === 'png') {
      const png = Buffer.from(await this.#draw(drawing, { format, ground }), 'base64');
      return size ? withResolution(png, printResolution) : png;
    }
    const drawn = decodeURIComponent(await this.#draw(drawing, { format: 'svg', ground }));
    const svg = await this.#page.evaluate<string>(`(${bricksOf})(${JSON.stringify(drawn)})`);
    if (format === 'pdf') return await this.#print(svg, drawing, size);
    return Buffer.from(size ? svgInInches(svg, size) : svg);
  }

  /** What plotly makes of it: base64 of a PNG, or an SVG as part of an address. */
  async #draw(
    { figure, width, height, scale }: Drawing,
    { format, ground }: { format: 'png' | 'svg'; ground: Ground },
  ): Promise<string> {
    const { data, layout } = onGround(safeFigure(figure), ground);
    // In the page, where Plotly is a global; as text, since these types know no browser.
    const shown = JSON.stringify([
      { data, layout },
      { format, width, height, scale },
    ]);
    const url = await this.#page.evaluate<string>(`Plotly.toImage(...${shown})`);
    return url.slice(url.indexOf(',') + 1);
  }

  /** A page of the figure's size and nothing else. */
  async #print(svg: string, drawing: Drawing, size?: PaperSize): Promise<Buffer> {
    const wide = size?.width ?? drawing.width / screenPixelsPerInch;
    const paper = { width: `${wide}in`, height: `${(wide * drawing.height) / drawing.width}in` };
    const context = await this.#browser.newContext({ javaScriptEnabled: false });
    try {
      const page = await context.newPage();
      const { width, height } = paper;
      const rules = `html,body{margin:0}body>svg{display:block;width:${width};height:${height}}`;
      await page.setContent(styleElement(rules).text + svg);
      return await page.pdf({ ...paper, printBackground: true, pageRanges: '1' });
    } finally {
      await context.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Its width and height in inches; what is inside scales with them by the view box. */
function svgInInches(svg: string, { width }: PaperSize): string {
  const [, pixelsWide, pixelsHigh] =
    /<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  const height = (width * Number(pixelsHigh)) / Number(pixelsWide);
  return svg.replace(
    / width="[\d.]+" height="[\d.]+"/,
    ` width="${width}in" height="${Number(height.toFixed(3))}in"`,
  );
}

/** A PNG that says how large its dots are (chunk `pHYs`), so that documents place it at its size. */
export function withResolution(png: Buffer, dotsPerInch: number): Buffer {
  const chunk = Buffer.alloc(21);
  const dotsPerMetre = Math.round(dotsPerInch / 0.0254);
  chunk.writeUInt32BE(9, 0);
  chunk.write('pHYs', 4, 'latin1');
  chunk.writeUInt32BE(dotsPerMetre, 8);
  chunk.writeUInt32BE(dotsPerMetre, 12);
  chunk.writeUInt8(1, 16);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  // After the signature (8 bytes) and the header chunk (25), before any data.
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
