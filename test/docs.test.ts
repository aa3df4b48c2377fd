/** Links between the pages, and from them into the code, lead somewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pages = ['.', 'docs', 'artifacts', 'bench/gpu', 'training/real'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

describe('pages', () => {
  it('are found', () => {
    expect(pages).toContain('README.md');
    expect(pages).toContain(join('docs', 'reproduce.md'));
  });

  it.each(pages)('%s: links to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = Array.from(text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g), ([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link)); // prettier-ignore
    const broken = links.filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });
});
