/** Versions of what a result depends on, for the manifest. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dependencies = ['onnxruntime-node', '@huggingface/tokenizers', 'ml-pca'];

/** Name → version: the lab, Node, and the packages whose arithmetic the numbers come from. */
export function installedVersions(): Record<string, string> {
  const own = findUp('package.json');
  const versions: Record<string, string> = {
    'aligner-lab': own === null ? 'unknown' : versionIn(own),
    node: process.versions.node,
  };
  for (const name of dependencies) {
    const found = findUp(join('node_modules', name, 'package.json'));
    versions[name] = found === null ? 'not installed' : versionIn(found);
  }
  return versions;
}

/** The file in the nearest folder above this one that has it; Node looks packages up so, too. */
function findUp(relative: string): string | null {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, relative);
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}

function versionIn(path: string): string {
  const content = JSON.parse(readFileSync(path, 'utf8')) as { version?: string };
  return content.version ?? 'unknown';
}
