/** The figures of a command: in which formats, how large, and where they are written. */
import type { FigureFormat, Ground, PaperSize } from '../plot/page/formats.js';
import { findBrowser } from '../plot/page/browser.js';
import { exportPages, picturesOf } from '../plot/page/export.js';
import type { Page } from '../plot/page/page.js';
import type { Context } from './command.js';
import { shownPath } from './runFolder.js';
import { UsageError } from '../text/usageError.js';

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
  const pictures = picturesOf(given.format);
  for (const key of ['size', 'ground'] as const) {
    if (given[key] === undefined || pictures.length > 0) continue;
    throw new UsageError(
      `--${key}: is for png, svg and pdf (got --format ${given.format.join(',')}); add one of them`,
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
