/** Where the weights beside a graph really lie. */
import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { renameExternalData } from '../onnx/externalData.js';

/** A graph and the folder that the files it names are sought in. */
export interface PlacedGraph {
  bytes: Uint8Array;
  folder: string;
}

/**
 * Points a graph at its weights where links stand for them, as in the hub's cache: ONNX Runtime
 * refuses weights that a link leads to outside the model's folder. Other graphs stay as they are.
 *
 * @param file the ONNX file
 * @param bytes its content
 * @throws where a link leads nowhere, or to folders that differ
 */
export async function followWeightLinks(file: string, bytes: Uint8Array): Promise<PlacedGraph> {
  const folder = dirname(file);
  const real = await linkedWeights(file);
  const homes = [...new Set([...real.values()].map((path) => dirname(path)))];
  const [home] = homes;
  if (home === undefined) return { bytes, folder };
  if (homes.length > 1) {
    throw new Error(
      `model: the weights of ${file} are links into different folders (${homes.join(', ')}); put the files themselves beside it`,
    );
  }
  const renamed = renameExternalData(bytes, (location) => {
    const path = real.get(posix.normalize(location));
    return path === undefined ? location : basename(path);
  });
  return { bytes: renamed, folder: home };
}

/** Links beside the file whose names begin with its own: name → where it leads. */
async function linkedWeights(file: string): Promise<Map<string, string>> {
  const real = new Map<string, string>();
  for (const entry of await readdir(dirname(file), { withFileTypes: true })) {
    const { name } = entry;
    if (!entry.isSymbolicLink() || name === basename(file)) continue;
    if (!name.startsWith(basename(file))) continue;
    const path = join(dirname(file), name);
    try {
      real.set(name, await realpath(path));
    } catch (error) {
      throw new Error(`model: ${path} is a link to a file that is gone; download it again`, {
        cause: error,
      });
    }
  }
  return real;
}
