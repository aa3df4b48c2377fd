/** The figures of a command: in which formats, how large, and where they are written. */
import { z } from 'zod';
import { findBrowser } from '../plot/page/browser.js';
import {
  exportPages,
  figureFormats,
  pictureFormats,
  type FigureFormat,
} from '../plot/page/export.js';
import type { Page } from '../plot/page/page.js';
import { columnWidths, type PaperSize } from '../plot/page/painter.js';
import { grounds, type Ground } from '../plot/theme.js';
import { list } from '../shape/options.js';
import type { Context } from './command.js';
import { shownPath } from './runFolder.js';
import { UsageError } from '../text/usageError.js';

/** Options of commands that write figures. */
export const figureOptions = {
  format: list(
    {
      value: 'formats',
      help: `of ${figureFormats.join(',')}: one page, or one file per figure; png and svg need Chromium or Chrome (CHROME_PATH)`,
      default: ['html'],
    },
    z.enum(figureFormats),
  ),
  size: z.string().transform(readSize).optional().meta({
    value: 'size',
    help: 'of png and svg on paper: single (3.3 in wide), double (7 in), or WxH in inches; png has 300 dpi (default: for screens)',
  }),
  ground: z
    .enum(grounds)
    .optional()
    .meta({ value: grounds.join('|'), help: 'of png and svg (default: light)' }),
};

export interface FigureOptions {
  format: readonly FigureFormat[];
  size: PaperSize | undefined;
  ground: Ground | undefined;
}

/** Writes pages (file name → page) into a folder; returns the paths as a reader would type them. */
export type WriteFigures = (folder: string, pages: Record<string, Page>) => Promise<string[]>;

/**
 * Looks for what the formats need, before any long work begins.
 * @throws where a picture is asked for and there is no browser, or a size for no picture.
 */
export function prepareFigures(given: FigureOptions, context: Context): WriteFigures {
  const pictures = pictureFormats(given.format);
  for (const key of ['size', 'ground'] as const) {
    if (given[key] === undefined || pictures.length > 0) continue;
    throw new UsageError(
      `--${key}: is for png and svg (got --format ${given.format.join(',')}); add one of them`,
    );
  }
  const browser = pictures.length > 0 ? findBrowser({ env: context.io.env }) : undefined;
  return async (folder, pages) => {
    const paths = await exportPages({
      ...{ folder, pages, formats: given.format },
      ...(given.size && { size: given.size }),
      ...(given.ground && { ground: given.ground }),
      ...(browser !== undefined && { browser }),
    });
    return paths.map((path) => shownPath(path, context));
  };
}

/** Most inches: beyond it a picture is a mistake, and its pixels do not fit a browser. */
const largest = 40;

function readSize(given: string, context: z.RefinementCtx): PaperSize {
  if (given === 'single' || given === 'double') return { width: columnWidths[given] };
  const [, width, height] = /^(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)$/.exec(given) ?? [];
  const inches = [Number(width), Number(height)] as const;
  if (inches.every((value) => value >= 1 && value <= largest)) {
    return { width: inches[0], height: inches[1] };
  }
  const message = `expected single, double, or WxH in inches from 1 to ${largest} (e.g. 5x3.5)`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
