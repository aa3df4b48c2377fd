/**
 * Figures, tables, diffs and coloured tokens in a notebook, each as one call.
 *
 * What a cell shows is committed with the notebook, so it must be small, and readable where no code
 * runs (GitHub shows neither plotly's type nor scripts). tslab's `display` sends one type per call, so
 * a figure cannot carry an interactive and a static form in one output. Hence three ways:
 *
 * - `picture`: a PNG, 50 to 200 kB, seen everywhere; needs an installed Chromium or Chrome.
 * - `plotly`: `application/vnd.plotly.v1+json`, some kilobytes, interactive where the front end draws
 *   that type (VS Code, JupyterLab with plotly's extension), and nothing elsewhere.
 * - `inline`: plotly.js inside, 4.9 MB a figure: interactive in every front end that runs scripts.
 */
import type { Ground } from '../plot/page/formats.js';
import { findBrowser } from '../plot/page/browser.js';
import { safeFigure, type Figure } from '../plot/figure.js';
import { documentValue, markup, type Markup } from '../text/markup.js';
import { renderPage } from '../plot/page/html.js';
import { openPainter } from '../plot/page/painter.js';
import type { Painter } from '../plot/page/painter.js';
import { roundsCaption, roundsHtml, type ShownRound } from '../plot/page/rounds.js';
import { tableHtml, type TableRow } from '../plot/table.js';
import { heightOf, onGround } from '../plot/theme.js';
import {
  tokenReadingCaption,
  tokenReadingHtml,
  type TokenReading,
} from '../experiment/scan/figures/tokens.js';

/** What is used of tslab's `display`. */
export interface NotebookDisplay {
  html(html: string): void;
  png(bytes: Uint8Array): void;
  raw(contentType: string, content: string | object): unknown;
}

export type FigureOutput = 'picture' | 'plotly' | 'inline';

export interface NotebookOptions {
  /** `tslab.display` */
  display: NotebookDisplay;
  /** Default: `picture` where a browser is found, else `inline`. */
  figures?: FigureOutput;
  /** Of pictures; default `light`. */
  ground?: Ground;
  /** Where the browser is looked for; default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Shows things in the cell that calls. */
export interface Notebook extends AsyncDisposable {
  /**
   * A figure, with a caption below it.
   * @throws where a picture is wanted and no browser is found or starts.
   */
  figure(figure: Figure, caption?: string): Promise<void>;
  /** Rows as a table, a column per key. */
  table(rows: readonly TableRow[], caption?: string): void;
  /** The aligner loop round by round, as a word diff. */
  rounds(rounds: readonly ShownRound[]): void;
  /** Output tokens coloured by their readings at one layer. */
  tokens(reading: TokenReading): void;
}

/**
 * Ties the helpers to a display. The browser of the first picture stays for the next ones, until the
 * notebook is disposed of or its kernel ends.
 */
export function openNotebook(options: NotebookOptions): Notebook {
  return new DisplayedNotebook(options);
}

/** Pictures in a cell: CSS pixels across, and device pixels for each. */
const cell = { width: 900, scale: 1.5 };

class DisplayedNotebook implements Notebook {
  readonly #options: NotebookOptions;
  readonly #output: FigureOutput;
  #painter: Promise<Painter> | null = null;

  constructor(options: NotebookOptions) {
    this.#options = options;
    this.#output = options.figures ?? (hasBrowser(environment(options)) ? 'picture' : 'inline');
  }

  async figure(figure: Figure, caption?: string): Promise<void> {
    const { display, ground = 'light' } = this.#options;
    const below = caption === undefined ? null : captionHtml(caption);
    if (this.#output === 'inline') {
      return display.html(markup`${inlineFigure(figure)}${below ?? ''}`.text);
    }
    if (this.#output === 'picture') {
      this.#painter ??= openPainter({ browser: findBrowser({ env: environment(this.#options) }) });
      const painter = await this.#painter;
      display.png(await painter.paint({ draw: () => figure }, { format: 'png', ground, ...cell }));
    } else {
      // tslab sends what it is given as JSON: the object, not its text.
      display.raw('application/vnd.plotly.v1+json', onGround(safeFigure(figure), ground));
    }
    if (below !== null) display.html(below.text);
  }

  table(rows: readonly TableRow[], caption?: string): void {
    const below = caption === undefined ? '' : captionHtml(caption);
    this.#options.display.html(markup`${tableHtml(rows)}${below}`.text);
  }

  rounds(rounds: readonly ShownRound[]): void {
    const shown = { rounds };
    const html = markup`${roundsHtml(shown)}${captionHtml(roundsCaption(shown))}`;
    this.#options.display.html(html.text);
  }

  tokens(reading: TokenReading): void {
    const html = markup`${tokenReadingHtml(reading)}${captionHtml(tokenReadingCaption(reading))}`;
    this.#options.display.html(html.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const painter = this.#painter;
    this.#painter = null;
    await (await painter)?.[Symbol.asyncDispose]();
  }
}

function environment(options: NotebookOptions): Readonly<Record<string, string | undefined>> {
  return options.env ?? process.env;
}

function hasBrowser(env: Readonly<Record<string, string | undefined>>): boolean {
  try {
    findBrowser({ env });
    return true;
  } catch {
    return false;
  }
}

/** A page within the cell, so that neither's scripts and styles reach the other's. */
function inlineFigure(figure: Figure): Markup {
  const section = { name: 'figure', heading: '', caption: '', draw: () => figure };
  const page = documentValue(renderPage({ title: '', sections: [section] }));
  // The page's own padding is 16 pixels on each side.
  const height = heightOf(figure) + 40;
  return markup`<iframe srcdoc="${page}" style="width:100%;height:${height}px;border:0"></iframe>`;
}

function captionHtml(caption: string): Markup {
  return markup`<p style="font-size:0.9em;opacity:0.85;max-width:80ch">${caption}</p>`;
}
