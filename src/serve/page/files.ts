/** The page at `/`: its files as they ship, read once, and nothing else of the disk. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { pageFolder } from '../../data/artifacts.js';
import type { AppContext } from '../requests.js';

interface PageFile {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  etag: string;
}

/** By path; `/` is `index.html`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What a browser lets the page do: run and load what this server sends, and ask this server. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
    ...["img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
};

/** @throws where the package is incomplete. */
export function readPage(folder: string = pageFolder): PageFiles {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(name === 'index.html' ? '/' : `/page/${name}`, { bytes, type, etag });
  }
  if (!files.has('/')) throw new Error(`serve: ${folder} holds no index.html; install the package again`); // prettier-ignore
  return files;
}

export function handlePage(c: AppContext, { bytes, type, etag }: PageFile): Response {
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
  c.header('ETag', etag);
  if (c.req.header('if-none-match') === etag) return c.body(null, 304);
  c.header('Content-Type', type);
  return c.body(bytes);
}
