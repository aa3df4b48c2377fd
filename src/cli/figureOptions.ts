/** In which formats, how large and on which ground a command draws. */
import { z } from 'zod';
import { columnWidths, figureFormats, grounds, type PaperSize } from '../plot/page/formats.js';
import { list } from '../shape/options.js';

/** Options of commands that write figures. */
export const figureOptions = {
  format: list(
    {
      value: 'formats',
      help: `of ${figureFormats.join(',')}: one page, or one file per figure; png, svg and pdf need Chromium or Chrome (CHROME_PATH)`,
      default: ['html'],
    },
    z.enum(figureFormats),
  ),
  size: z.string().transform(readSize).optional().meta({
    value: 'size',
    help: 'of png, svg and pdf on paper: single (3.3 in wide), double (7 in), or WxH in inches; png has 300 dpi (default: for screens)',
  }),
  ground: z
    .enum(grounds)
    .optional()
    .meta({ value: grounds.join('|'), help: 'of png, svg and pdf (default: light)' }),
};

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
