/** The floors of the source tree: imports go down, never around. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Lowest first; folders of one line may know each other, in one direction. */
const floors = [
  ['math', 'text', 'shape', 'tensors', 'disk'],
  ['onnx', 'data'],
  ['runtime', 'wire'],
  ['align', 'read', 'judge'],
  ['plot', 'record'],
  ['machines'],
  ['experiment'],
  ['reproduce'],
  ['serve'],
  ['cli', 'notebook', 'index.ts'],
];

/** Packages that only one folder may import. */
const owners: Record<string, readonly string[]> = {
  'onnxruntime-node': ['runtime'],
  '@huggingface/tokenizers': ['runtime'],
  '@huggingface/hub': ['runtime'],
  'onnx-buf': ['onnx', 'runtime'],
  'ml-pca': ['math'],
  'ml-matrix': ['math'],
  mathjs: ['math', 'text'],
  'fastest-levenshtein': ['text'],
  hyparquet: ['data'],
  'hyparquet-compressors': ['data'],
  'hyparquet-writer': ['record'],
  'hyparquet/src/column.js': ['data'],
  'hyparquet/src/read.js': ['data'],
  'hyparquet/src/rowgroup.js': ['data'],
  commander: ['cli'],
  'eventsource-parser': ['wire'],
  'p-limit': ['wire'],
  'p-retry': ['wire', 'machines'],
  'playwright-core': ['plot'],
  diff: ['text'],
  hono: ['serve'],
  'hono/body-limit': ['serve'],
  '@hono/node-server': ['serve'],
  'prom-client': ['serve'],
  bullmq: ['machines'],
  ioredis: ['machines'],
  aws4fetch: ['machines'],
};

interface Module {
  /** Path within src, e.g. `math/pca.ts`. */
  path: string;
  text: string;
  /** Modules it imports, as paths within src. */
  own: string[];
  packages: string[];
}

const modules = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map(readModule);

function readModule(path: string): Module {
  const text = readFileSync(join(src, path), 'utf8');
  const imported = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const folder = dirname(join(src, path));
  return {
    path,
    text,
    own: imported
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(src, resolve(folder, name)).replace(/\.js$/, '.ts')),
    packages: imported.filter((name) => !name.startsWith('.') && !name.startsWith('node:')),
  };
}

/** `math/pca.ts` → `math` */
function folderOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function floorOf(path: string): number {
  return floors.findIndex((folders) => folders.includes(folderOf(path)));
}

/** A path along edges that ends where it begins, or null. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const finished = new Set<string>();
  const visit = (node: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (finished.has(node)) return null;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...trail, node]);
      if (cycle) return cycle;
    }
    finished.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return null;
}

describe('floors', () => {
  it('finds the modules and what they import', () => {
    expect(modules.length).toBeGreaterThan(50);
    const pca = modules.find(({ path }) => path === 'math/pca.ts');
    expect(pca?.own).toContain('math/rows.ts');
    expect(pca?.packages).toContain('ml-pca');
  });

  it('every module stands on a floor', () => {
    expect(modules.filter(({ path }) => floorOf(path) < 0).map(({ path }) => path)).toEqual([]);
  });

  it('imports go to the own folder or downward', () => {
    const upward = modules.flatMap(({ path, own }) =>
      own
        .filter((target) => folderOf(target) !== folderOf(path) && floorOf(target) > floorOf(path))
        .map((target) => `${path} → ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('no modules import each other in a circle', () => {
    expect(findCycle(new Map(modules.map(({ path, own }) => [path, own])))).toBeNull();
  });

  it('no folders know each other both ways', () => {
    const folders = new Map<string, string[]>();
    for (const { path, own } of modules) {
      const others = own.map(folderOf).filter((folder) => folder !== folderOf(path));
      folders.set(folderOf(path), [...(folders.get(folderOf(path)) ?? []), ...others]);
    }
    expect(findCycle(folders)).toBeNull();
  });

  it('packages stay with the folder they belong to', () => {
    const strays = modules.flatMap(({ path, packages }) =>
      packages
        .filter((name) => owners[name] && !owners[name].includes(folderOf(path)))
        .map((name) => `${path} → ${name}`),
    );
    expect(strays).toEqual([]);
  });

  it('files are written by disk/ alone, whole or not at all', () => {
    // A journal grows by flushed lines; downloads of the hub have drafts of their own.
    const allowed = ['record/journal.ts', 'runtime/hub/cache.ts', 'runtime/hub/transfer.ts'];
    const calls =
      /\b(writeFile|appendFile|createWriteStream|copyFile)(Sync)?\(|fs\.rename\(|\bopen(Sync)?\([^)]*'(w|a|r\+)/;
    const writing = modules.filter(({ path, text }) => {
      return folderOf(path) !== 'disk' && !allowed.includes(path) && calls.test(text);
    });
    expect(writing.map(({ path }) => path)).toEqual([]);
  });

  it('only index.ts hands on what others export', () => {
    const barrels = modules.filter(
      ({ path, text }) => path !== 'index.ts' && /^export [^;]*? from '/m.test(text),
    );
    expect(barrels.map(({ path }) => path)).toEqual([]);
  });

  it('only the command line prints', () => {
    const printing = modules.filter(
      ({ path, text }) =>
        folderOf(path) !== 'cli' && /\bconsole\.|process\.(stdout|stderr)\b/.test(text),
    );
    expect(printing.map(({ path }) => path)).toEqual([]);
  });
});

describe('findCycle', () => {
  it('names the circle, and passes a tree', () => {
    expect(findCycle(new Map([['a', ['b']], ['b', ['c']], ['c', ['a']]]))).toEqual(['a', 'b', 'c', 'a']); // prettier-ignore
    expect(
      findCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
        ]),
      ),
    ).toBeNull();
  });
});
