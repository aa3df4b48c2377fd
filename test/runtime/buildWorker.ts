/**
 * Global set-up of the tests: brings `dist/` up to date where sources are newer, since the worker
 * thread runs from there. Types are left to the compiler's own check; files are replaced whole, so
 * that a test run beside this one never reads half a file.
 */
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

export default function buildWorker(): void {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const source of sources.filter((file) => file.endsWith('.ts'))) {
    const from = join(root, 'src', source);
    const to = join(root, 'dist', source.replace(/\.ts$/, '.js'));
    const version = modified(from);
    if (modified(to) >= version) continue;
    const { outputText } = ts.transpileModule(readFileSync(from, 'utf8'), {
      fileName: from,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    mkdirSync(dirname(to), { recursive: true });
    const draft = `${to}.${process.pid}`;
    writeFileSync(draft, outputText);
    // Dated as its source: an edit made meanwhile is newer, and built next time.
    utimesSync(draft, version / 1000, version / 1000 + 0.001);
    renameSync(draft, to);
  }
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
