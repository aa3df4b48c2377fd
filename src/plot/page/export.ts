/** Pages as files: one for the page, one per figure for what draws or holds figures alone. */
import { pictureFormats } from './formats.js';
import type { FigureFormat, Ground, PaperSize, PictureFormat } from './formats.js';
import { join } from 'node:path';
import { checkName, fileWithin } from '../../disk/names.js';
import { safeFigure } from '../figure.js';
import { defaultRoom } from '../layout/panels.js';
import { writeAtomic } from '../../disk/atomic.js';
import { fileError } from '../../disk/fileErrors.js';
import { makeFolder } from '../../disk/makeFolder.js';
import { toJson } from '../../record/json.js';
import { renderPage } from './html.js';
import { figuresOf } from './page.js';
import type { FigureSection, Page } from './page.js';
import { openPainter } from './painter.js';
import type { Painter } from './painter.js';

export interface ExportOptions {
  folder: string;
  /** File name without ending → page. */
  pages: Readonly<Record<string, Page>>;
  formats: readonly FigureFormat[];
  /** Of pictures (PNG, SVG, PDF); default: for screens. */
  size?: PaperSize;
  /** Of pictures; default `light`. A page follows its reader. */
  ground?: Ground;
  /** Path of Chromium or Chrome (`findBrowser`); needed for pictures alone. */
  browser?: string;
}

/**
 * Writes `<name>.html`, and per figure `<name>-<figure>.png`, `.svg`, `.pdf` and `.json` (plotly's `data` and
 * `layout`, with the caption as `layout.meta.caption`).
 * @returns the paths, in that order.
 * @throws where a picture is asked for without a browser, where a figure's name is none of a file or
 *   a link with its name leads out of the folder, and where a file cannot be written.
 */
export async function exportPages(options: ExportOptions): Promise<string[]> {
  const { folder, pages, formats, browser } = options;
  const pictures = picturesOf(formats);
  if (pictures.length > 0 && browser === undefined) {
    throw new Error(`export: ${pictures.join(' and ')} need a browser; name one (findBrowser)`);
  }
  await using painter = pictures.length > 0 ? await openPainter({ browser: browser ?? '' }) : null;
  await createFolder(folder);
  const paths: string[] = [];
  const write = async (file: string, content: string | Uint8Array): Promise<void> => {
    // A link in somebody's run folder must not make this write elsewhere.
    await fileWithin(folder, [file], 'export');
    const path = join(folder, checkName(file, 'export'));
    paths.push(path);
    await writeAtomic(path, content);
  };
  for (const [name, page] of Object.entries(pages)) {
    if (formats.includes('html')) await write(`${name}.html`, renderPage(page));
    for (const section of figuresOf(page)) {
      const file = `${name}-${section.name}`;
      for (const [format, content] of await drawn(section, options, painter)) {
        await write(`${file}.${format}`, content);
      }
      if (formats.includes('json')) await write(`${file}.json`, figureJson(section));
    }
  }
  return paths;
}

/** Those that are drawn in a browser. */
export function picturesOf(formats: readonly FigureFormat[]): PictureFormat[] {
  return pictureFormats.filter((format) => formats.includes(format));
}

async function drawn(
  section: FigureSection,
  { formats, size, ground }: ExportOptions,
  painter: Painter | null,
): Promise<[PictureFormat, Buffer][]> {
  if (painter === null) return [];
  const pictures: [PictureFormat, Buffer][] = [];
  for (const format of picturesOf(formats)) {
    const how = { format, ...(size && { size }), ...(ground && { ground }) };
    pictures.push([format, await painter.paint(section, how)]);
  }
  return pictures;
}

async function createFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    throw fileError({ subject: 'export', action: 'create', path, error });
  }
}

function figureJson({ draw, caption }: FigureSection): string {
  const { data, layout } = safeFigure(draw(defaultRoom));
  return `${toJson({ data, layout: { ...layout, meta: { caption } } }, 2)}\n`;
}
