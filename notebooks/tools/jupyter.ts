/**
 * Jupyter with the tslab kernel registered for it alone: kernel, settings and history lie in
 * `node_modules/.cache/`, nothing in the user's home.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { tslabCommand } from './kernel.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The two front ends, the better one first. */
const frontEnds = ['jupyter-lab', 'jupyter-notebook'] as const;

/** Folders of Jupyter under one of our own, and the kernel's description in it. */
export function jupyterFiles(home: string): {
  env: Record<string, string>;
  kernel: { path: string; text: string };
} {
  const data = join(home, 'data');
  const spec = {
    argv: [process.execPath, tslabCommand, 'kernel', '--config-path', '{connection_file}'],
    display_name: 'TypeScript',
    language: 'typescript',
  };
  return {
    env: {
      JUPYTER_DATA_DIR: data,
      JUPYTER_CONFIG_DIR: join(home, 'config'),
      JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(home, 'lab', 'settings'),
      JUPYTERLAB_WORKSPACES_DIR: join(home, 'lab', 'workspaces'),
      IPYTHONDIR: join(home, 'ipython'),
    },
    kernel: {
      path: join(data, 'kernels', 'tslab', 'kernel.json'),
      text: `${JSON.stringify(spec, null, 2)}\n`,
    },
  };
}

/** @throws where neither front end is on the path, saying what to install. */
export function findFrontEnd(env: Environment): string {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((path) => path !== '');
  for (const name of frontEnds) {
    for (const folder of folders) {
      const found = endings.map((end) => join(folder, name + end)).find((path) => existsSync(path));
      if (found !== undefined) return found;
    }
  }
  throw new Error(
    `notebooks: no Jupyter on the PATH (expected ${frontEnds.join(' or ')}); install one of\n` +
      '  pipx install jupyterlab\n' +
      '  python3 -m venv ~/jupyter && ~/jupyter/bin/pip install jupyterlab   (then PATH=~/jupyter/bin:$PATH)\n' +
      '  sudo apt-get install jupyter-notebook   (Debian, Ubuntu)\n' +
      'or open notebooks/ on GitHub to read them; npm run notebooks:check runs them without Jupyter',
  );
}

/**
 * Starts Jupyter in the notebooks' folder, in the foreground; resolves to its exit code.
 * @param options.argv further arguments of Jupyter
 */
export async function startJupyter(options: {
  root: string;
  folder: string;
  argv: readonly string[];
  env?: Environment;
}): Promise<number> {
  const { root, folder, argv, env = process.env } = options;
  const command = findFrontEnd(env);
  const { env: own, kernel } = jupyterFiles(join(root, 'node_modules', '.cache', 'jupyter'));
  await mkdir(join(kernel.path, '..'), { recursive: true });
  await writeFile(kernel.path, kernel.text);
  const child = spawn(command, argv, { cwd: folder, stdio: 'inherit', env: { ...env, ...own } });
  // Ctrl-C reaches Jupyter too, which asks before it ends; this process waits for it.
  process.on('SIGINT', () => undefined);
  process.once('SIGTERM', () => child.kill());
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 0);
    });
  });
}
