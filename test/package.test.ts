/** What the packed packages hold: what README links to, the models its commands take, and no more. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../src/cli/commands.js';
import { embedded } from '../src/data/artifacts.js';
import { findModel } from '../src/runtime/modelFiles.js';
import { embeddedFolders, inModelsPackage, modelsPackage } from '../src/runtime/modelsPackage.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Packed {
  name: string;
  version: string;
  size: number;
  files: { path: string }[];
}

/** What `npm pack` would write, without writing it. */
function packed(): Packed {
  const asked = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const text = execFileSync('npm', asked, { cwd: root, encoding: 'utf8' });
  const [only] = JSON.parse(text) as Packed[];
  if (!only) throw new Error('npm pack names no package');
  return only;
}

const foldersIn = (path: string): string[] => readdirSync(join(root, path)).sort();
const all = foldersIn('artifacts/models');

describe('the package', () => {
  let main: Packed;
  let paths: Set<string>;
  const has = (path: string): boolean =>
    paths.has(path) || [...paths].some((file) => file.startsWith(`${path}/`));
  beforeAll(() => {
    main = packed();
    paths = new Set(main.files.map(({ path }) => path));
  }, 60_000);

  it('holds whatever its pages link to', () => {
    const pages = [...paths].filter((path) => path.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/reproduce.md']));
    const broken = pages.flatMap((page) =>
      linksIn(readFileSync(join(root, page), 'utf8'))
        .map((link) => posix.normalize(posix.join(posix.dirname(page), link)))
        .filter((path) => !has(path.replace(/\/$/, '')))
        .map((path) => `${page}: ${path}`),
    );
    expect(broken).toEqual([]);
  });

  it('holds the models that defaults and examples take', async () => {
    const loaded = await Promise.all(commands.map(async (entry) => await entry.load()));
    const lines = loaded.flatMap(({ examples }) => examples.map(([line]) => line));
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const blocks = readme.match(/^```[^]*?^```/gm) ?? [];
    const text = [...lines, ...blocks, ...Object.values(embedded)].join('\n');
    const words = new Set(text.match(/[\w-]+/g));
    const wanted = all.filter((name) => words.has(name));
    expect(wanted.length).toBeGreaterThan(3);
    expect(wanted.filter((name) => !has(`artifacts/models/${name}/onnx/model.onnx`))).toEqual([]);
  });

  it('is small: 17 of 81 MB', () => {
    expect(main.size).toBeLessThan(20e6);
    expect([...paths].filter((path) => /^artifacts\/adapters|\.gz$|^test\//.test(path))).toEqual(
      [],
    );
  });

  it('leaves the other models to a second package, of the same version', () => {
    const other = JSON.parse(readFileSync(join(root, 'artifacts/package.json'), 'utf8')) as unknown;
    const { models } = inModelsPackage;
    const files = [...models.map((name) => `models/${name}`), 'adapters'];
    expect(other).toMatchObject({ name: modelsPackage, version: main.version, files });
    expect(models).toEqual(all.filter((name) => !has(`artifacts/models/${name}/onnx/model.onnx`)));
    expect(inModelsPackage.adapters).toEqual(foldersIn('artifacts/adapters'));
  });
});

describe('the second package', () => {
  it('is found beside the first', () => {
    const folder = mkdtempSync(join(tmpdir(), 'packages-'));
    const other = join(folder, 'node_modules', modelsPackage);
    mkdirSync(join(other, 'models/some/onnx'), { recursive: true });
    writeFileSync(join(other, 'package.json'), JSON.stringify({ name: modelsPackage }));
    writeFileSync(join(other, 'models/some/onnx/model.onnx'), '');
    const from = pathToFileURL(join(folder, 'node_modules/aligner-lab/dist/runtime/a.js')).href;
    const folders = embeddedFolders('models', from);
    expect(folders[1]).toBe(join(other, 'models'));
    expect(findModel('some', folders).folder).toBe(join(other, 'models/some'));
  });

  it('is named where a model of it is wanted and not there', () => {
    const [name] = inModelsPackage.models;
    const nowhere = mkdtempSync(join(tmpdir(), 'models-'));
    // Its card is in the first package.
    mkdirSync(join(nowhere, name));
    expect(() => findModel(name, nowhere)).toThrow(
      `model: ${name} is in the package ${modelsPackage}, which is not installed: npm install`,
    );
  });
});

/** Paths of links within the package. */
function linksIn(text: string): string[] {
  const links = Array.from(text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g), ([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}
