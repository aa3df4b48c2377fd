/** Jupyter's start: a kernel of our own, and what to install where there is none. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findFrontEnd, jupyterFiles, startJupyter } from '../../notebooks/tools/jupyter.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

/** A program on the path that writes its environment to `file`. */
function writeProgram(name: string, file: string): string {
  const bin = join(folder.path, 'bin');
  mkdirSync(bin, { recursive: true });
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\nenv > "${file}"\necho "$@" >> "${file}"\nexit 4\n`);
  chmodSync(path, 0o755);
  return bin;
}

describe('without Jupyter', () => {
  it('says what to install', () => {
    expect(() => findFrontEnd({ PATH: folder.path })).toThrow(
      /no Jupyter on the PATH \(expected jupyter-lab or jupyter-notebook\); install[^]*pipx install jupyterlab/,
    );
  });
});

describe('with Jupyter', () => {
  it('registers the kernel in our own folder and points every folder there', async () => {
    const file = join(folder.path, 'env.txt');
    const bin = writeProgram('jupyter-lab', file);
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const root = join(folder.path, 'root');
    const argv = ['--no-browser'];
    expect(await startJupyter({ root, folder: folder.path, argv, env })).toBe(4);
    const home = join(root, 'node_modules', '.cache', 'jupyter');
    const { env: own, kernel } = jupyterFiles(home);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('--no-browser');
    for (const [name, value] of Object.entries(own)) {
      expect(value.startsWith(home)).toBe(true);
      expect(text).toContain(`${name}=${value}`);
    }
    const spec = JSON.parse(readFileSync(kernel.path, 'utf8')) as { argv: string[] };
    expect(spec.argv.slice(2)).toEqual(['kernel', '--config-path', '{connection_file}']);
  });
});
