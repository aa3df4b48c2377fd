/** Figures as PNG, SVG and PDF: their size, their resolution, and what is legible in them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/plot/page/browser.js';
import { exportPages } from '../../src/plot/page/export.js';
import { openNotebook } from '../../src/notebook/notebook.js';
import { figuresOf } from '../../src/plot/page/page.js';
import { defaultRoom } from '../../src/plot/layout/panels.js';
import { pages } from './examples.js';

const root = mkdtempSync(join(tmpdir(), 'aligner-lab-pictures-'));
afterAll(() => rmSync(root, { recursive: true }));
const browser = findBrowser({ env: process.env });
const drawn = Object.entries(pages).flatMap(([name, page]) =>
  figuresOf(page).map((section) => `${name}-${section.name}`),
);

/** Width, height and dots per metre. */
function readPng(path: string): { width: number; height: number; resolution: number } {
  const bytes = readFileSync(path);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  const at = bytes.indexOf('pHYs');
  return {
    ...{ width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) },
    resolution: at < 0 ? 0 : bytes.readUInt32BE(at + 4),
  };
}

/** Pages, size in points of the first, and how many pictures of pixels are in it. */
function readPdf(path: string): { pages: number; size: number[]; images: number } {
  const text = readFileSync(path, 'latin1');
  expect(text.slice(0, 5)).toBe('%PDF-');
  const [, box = ''] = /\/MediaBox *\[([^\]]*)\]/.exec(text) ?? [];
  return {
    pages: (text.match(/\/Type *\/Page\b/g) ?? []).length,
    size: box.trim().split(/\s+/).slice(2).map(Number),
    images: (text.match(/\/Subtype *\/Image/g) ?? []).length,
  };
}

describe('exportPages', () => {
  it('draws every figure once per format, 300 dots per inch on paper', async () => {
    const folder = join(root, 'double');
    const formats = ['png', 'svg', 'pdf'] as const;
    const paths = await exportPages({ folder, pages, formats, size: { width: 7 }, browser });
    expect(paths.map((path) => basename(path)).sort()).toEqual(
      drawn.flatMap((name) => [`${name}.png`, `${name}.svg`, `${name}.pdf`]).sort(),
    );
    for (const path of paths.filter((name) => name.endsWith('.png'))) {
      const { width, resolution } = readPng(path);
      expect(Math.abs(width - 2100)).toBeLessThanOrEqual(1);
      expect(resolution).toBe(11811);
    }
    for (const path of paths.filter((name) => name.endsWith('.pdf'))) {
      const { pages: count, size, images } = readPdf(path);
      expect([count, size[0], images]).toEqual([1, 504, 0]);
    }
    const svg = readFileSync(join(folder, 'large-lat-scan.svg'), 'utf8');
    // Heat maps, too, are vectors: a cell for each of 40 layers and 20 tokens, twice and a difference.
    expect(svg).not.toContain('<image');
    expect(svg.match(/<rect[^>]* fill="rgb/g)?.length).toBeGreaterThan(2000);
    expect(svg).toMatch(/^<svg[^>]* width="7in" height="[\d.]+in"/);
    expect(svg).toContain('supercalifrag…');
    expect(svg).not.toContain('<img');
  });

  it('fits one column of a paper, heat maps on one page', async () => {
    const folder = join(root, 'single');
    const scans = { large: pages['large'] ?? { title: '', sections: [] } };
    await exportPages({ folder, pages: scans, formats: ['png'], size: { width: 3.3 }, browser });
    const { width, height } = readPng(join(folder, 'large-lat-scan.png'));
    expect(Math.abs(width - 990)).toBeLessThanOrEqual(1);
    expect(height / 300).toBeLessThan(9.5);
  });

  it('takes a size in both directions, and a ground', async () => {
    const folder = join(root, 'given');
    const one = { sweep: pages['sweep'] ?? { title: '', sections: [] } };
    const size = { width: 5, height: 3 };
    await exportPages({
      ...{ folder, pages: one, formats: ['png', 'svg', 'pdf'], size, ground: 'dark', browser },
    });
    const { width, height } = readPng(join(folder, 'sweep-steering-curve.png'));
    expect(Math.abs(width - 1500) + Math.abs(height - 900)).toBeLessThanOrEqual(2);
    expect(readFileSync(join(folder, 'sweep-steering-curve.svg'), 'utf8')).toContain('rgb(24, 26, 27)'); // prettier-ignore
    const pdf = readPdf(join(folder, 'sweep-steering-curve.pdf'));
    expect(pdf.pages).toBe(1);
    expect(Math.abs((pdf.size[0] ?? 0) - 360) + Math.abs((pdf.size[1] ?? 0) - 216)).toBeLessThan(1);
  });
});

describe('openNotebook', () => {
  it('shows a PNG where a browser is found', async () => {
    const shown: Uint8Array[] = [];
    const display = { html: () => undefined, png: (b: Uint8Array) => void shown.push(b), raw: () => undefined }; // prettier-ignore
    await using notebook = openNotebook({ display });
    const [section] = figuresOf(pages['sweep'] ?? { title: '', sections: [] });
    if (section === undefined) throw new Error('no figure');
    await notebook.figure(section.draw(defaultRoom), section.caption);
    await notebook.figure(section.draw(defaultRoom));
    expect(shown).toHaveLength(2);
    expect(Buffer.from(shown[0] ?? []).readUInt32BE(16)).toBe(1350);
  });
});
