/** What the documentation shows compiles: `@example` blocks, `ts` blocks of the README, notebooks. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const index = join(root, 'src', 'index.ts');

interface Example {
  /** `file:line` */
  place: string;
  code: string;
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path));
const inSources = sources.flatMap((path) => blocksOf(path));
const inReadme = fencesOf('README.md');
const inNotebooks = readdirSync(join(root, 'notebooks'))
  .filter((path) => path.endsWith('.ipynb'))
  .map((path) => cellsOf(join('notebooks', path)));

/** What stands behind `@example`, up to the next tag or the end of the comment. */
function blocksOf(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/@example\n(.*?)\n *(?:\*\/|\* @)/gs)].map((found) => ({
    place: placeOf(path, text, found.index),
    code: (found[1] ?? '').replace(/^ *\* ?/gm, ''),
  }));
}

function fencesOf(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((found) => ({
    place: placeOf(path, text, found.index),
    code: found[1] ?? '',
  }));
}

/** The code cells of a notebook, as one module. */
function cellsOf(path: string): Example {
  const text = readFileSync(join(root, path), 'utf8');
  const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] };
  const code = cells.filter(({ cell_type }) => cell_type === 'code');
  return { place: path, code: code.map(({ source }) => source.join('')).join('\n') };
}

function placeOf(path: string, text: string, at: number): string {
  return `${path}:${text.slice(0, at).split('\n').length}`;
}

/** A module: what an example uses of the library and does not import itself is imported. */
function moduleOf({ code }: Example, exported: readonly string[]): string {
  const own = code.replace(`'../dist/index.js'`, `'aligner-lab'`);
  if (own.includes("from 'aligner-lab'")) return own;
  const imports = exported.filter((name) => new RegExp(`\\b${name}\\b`).test(own));
  return `import { ${imports.join(', ')} } from 'aligner-lab';\n${own}\nexport {};\n`;
}

/** Diagnostics of each example, as text; compiled together, against the sources. */
function compile(examples: readonly Example[]): string[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  Object.assign(options, { noEmit: true, noUnusedLocals: false, composite: false });
  Object.assign(options, { paths: { 'aligner-lab': [index] }, skipLibCheck: true });
  const library = ts.createProgram([index], options);
  const exported = valuesOf(library);
  const files = new Map(
    examples.map((example, i) => [join(root, `example-${i}.ts`), moduleOf(example, exported)]),
  );
  const plain = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...plain,
    fileExists: (path) => files.has(path) || plain.fileExists(path),
    readFile: (path) => files.get(path) ?? plain.readFile(path),
    getSourceFile: (path, ...how) => {
      const text = files.get(path);
      if (text === undefined) return plain.getSourceFile(path, ...how);
      return ts.createSourceFile(path, text, how[0]);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host, library);
  return [...files.keys()].flatMap((path, i) => {
    const file = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(
      ({ messageText }) =>
        `${examples[i]?.place}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

/** Names that `src/index.ts` exports. */
function valuesOf(program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(index);
  const symbol = file && checker.getSymbolAtLocation(file);
  return symbol ? checker.getExportsOfModule(symbol).map(({ name }) => name) : [];
}

describe('examples', () => {
  it('are found', () => {
    expect(inSources.length).toBeGreaterThan(4);
    expect(inReadme.length).toBeGreaterThan(0);
    expect(inNotebooks.length).toBeGreaterThan(4);
  });

  it('compile against the sources, and a wrong one does not', () => {
    const wrong = { place: 'wrong', code: "await open({ no: 'model' });" };
    const found = compile([...inSources, ...inReadme, ...inNotebooks, wrong]);
    expect(found.filter((text) => !text.startsWith('wrong:') && !isLoose(text))).toEqual([]);
    expect(found.some((text) => text.startsWith('wrong:'))).toBe(true);
  }, 180_000);
});

/** tslab compiles notebooks without strict checks, so what may be undefined is passed over there. */
function isLoose(text: string): boolean {
  return text.startsWith('notebooks') && /'undefined'|undefined'|null'|'unknown'/.test(text);
}
