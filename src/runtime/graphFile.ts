/**
 * Reads a model's graph and checks the files its weights lie in, before ONNX Runtime opens them.
 *
 * Which files may be read: an ONNX file can come from anyone, so a path that is written in it must
 * lead downward from its folder. A link in that folder was made by someone who can write there (the
 * hub's cache links to its `blobs`, people link large files from other disks), so it may lead
 * anywhere. Either way the end must be a regular file that is long enough: nothing here opens a
 * device or a pipe, and nothing reads or copies weights.
 */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { externalWeights, renameExternalData } from '../onnx/externalData.js';
import type { ExternalWeight } from '../onnx/externalData.js';
import { parseModel } from '../onnx/model.js';
import { reasonOf } from '../text/errorSentence.js';

/** Node cannot read more at once, and protobuf cannot hold more. */
const maxGraphBytes = 2 ** 31 - 1;

export interface GraphFile {
  /** The ONNX file's content. */
  bytes: Uint8Array;
  /** The same graph, with its weights named by where they lie; `bytes` where nothing is a link. */
  graph: Uint8Array;
  /** Folder that `graph` names its weights from, without links. */
  folder: string;
  /** Paths of the files that hold weights beside the ONNX file, links followed, by location. */
  weights: string[];
}

/**
 * Reads a model's graph. ONNX Runtime refuses weights that a link leads to outside the folder it
 * is given; therefore `graph` and `folder` have all links followed.
 *
 * @param file the ONNX file
 * @throws Error naming the file, where it is no ONNX model; where a weight's place leaves the
 * folder, or is no regular file of sufficient length
 */
export async function readGraphFile(file: string): Promise<GraphFile> {
  const own = await statRegular(file, `model: ${file}`);
  if (own.size > maxGraphBytes) {
    throw new Error(
      `model: ${file} is too large (expected at most ${maxGraphBytes} bytes, got ${own.size}); store its weights as external data`,
    );
  }
  const bytes = await readBytes(file);
  const weights = inFile(file, () => externalWeights(parseModel(bytes).model));
  const folder = await realpath(dirname(file));
  const real = await findFiles({ folder, file, own }, weights);
  const paths = [...real].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  if ([...real].every(([location, path]) => path === join(folder, location))) {
    return { bytes, graph: bytes, folder, weights: paths };
  }
  const common = commonFolder([...real.values()]);
  const graph = renameExternalData(bytes, (location) => {
    const path = real.get(location) ?? join(folder, location);
    return relative(common, path).split(sep).join('/');
  });
  return { bytes, graph, folder: common, weights: paths };
}

/** Of the ONNX file and the files beside it. */
export function weightBytes({ bytes, weights }: GraphFile): number {
  return weights.reduce((sum, path) => sum + statSync(path).size, bytes.length);
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = reasonOf(error);
    throw new Error(`model: ${file} cannot be read (${reason}); check its permissions`, {
      cause: error,
    });
  }
}

/** Names the file in errors about its content. */
export function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = reasonOf(error);
    throw new Error(`${reason} (in ${file})`, { cause: error });
  }
}

/** Where each location leads, all links followed. */
async function findFiles(
  { folder, file, own }: { folder: string; file: string; own: Stats },
  weights: readonly ExternalWeight[],
): Promise<Map<string, string>> {
  const last = new Map<string, ExternalWeight>();
  for (const weight of weights) {
    const known = last.get(weight.location);
    if (known === undefined || endOf(weight) > endOf(known)) last.set(weight.location, weight);
  }
  const real = new Map<string, string>();
  for (const [location, weight] of last) {
    const path = join(folder, location);
    const found = await statRegular(
      path,
      `model: ${path}, which holds weight ${weight.name} of ${basename(file)},`,
    );
    if (found.dev === own.dev && found.ino === own.ino) {
      throw new Error(
        `model: weight ${weight.name} of ${file} has external data in the ONNX file itself (expected another file); export it again`,
      );
    }
    if (found.size < endOf(weight)) {
      throw new Error(
        `model: ${path} is too short for weight ${weight.name} of ${basename(file)} (expected at least ${endOf(weight)} bytes, got ${found.size}); download it again`,
      );
    }
    real.set(location, await realpath(path));
  }
  return real;
}

function endOf({ offset, length }: ExternalWeight): number {
  return offset + length;
}

async function statRegular(path: string, subject: string): Promise<Stats> {
  let found: Stats;
  try {
    found = await stat(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const reason = code === 'ENOENT' ? 'is not there' : `cannot be reached (${String(code)})`;
    throw new Error(`${subject} ${reason}; download it again, or put it there`, { cause: error });
  }
  if (found.isFile()) return found;
  const kind = found.isDirectory() ? 'a folder' : 'a device or pipe';
  throw new Error(`${subject} is ${kind} (expected a regular file); put the file itself there`);
}

/** The nearest folder above all of the files. */
function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '');
  for (const file of files) {
    while (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      const above = dirname(folder);
      if (above === folder) {
        throw new Error(
          `model: its weights lie on different drives (${files[0] ?? ''}, ${file}); put them beside it`,
        );
      }
      folder = above;
    }
  }
  return folder;
}
