/** Where rows are: the files of one set of data, on this machine. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../../text/errorSentence.js';
import { planData } from './plan.js';

export interface DataPlace {
  /** As a reader would say it: `gsm8k-test.jsonl`, `openai/gsm8k:main/test`. */
  name: string;
  /** Where it comes from, for records: a path, or `org/name@commit:config/split` of the hub. */
  source: string;
  /** Paths, in the order of their rows; at least one. */
  files: readonly string[];
}

/** The path of a file or of a folder with the files of one split, or what was found by name. */
export type DataSource = string | DataPlace;

/** What errors call a source. */
export function nameOf(source: DataSource): string {
  return typeof source === 'string' ? source : (source.files.length === 1 ? source.files[0] : undefined) ?? source.name; // prettier-ignore
}

/** Folders with more files than that hold no data set. */
const mostFiles = 100_000;

/**
 * The files of a source. A path of nothing is a file that cannot be read: whoever reads it says so.
 * @throws on a folder without data, or with several sets of it (naming them)
 */
export async function placeOf(source: DataSource): Promise<DataPlace> {
  if (typeof source !== 'string') return source;
  const found = await stat(source).catch(() => null);
  const place = { name: basename(resolve(source)), source };
  if (!found?.isDirectory()) return { ...place, files: [source] };
  const names = await filesBelow(source);
  const { paths } = planData(names, { wanted: null, where: source, example: (_, first) => join(source, first) }); // prettier-ignore
  return { ...place, files: paths.map((path) => join(source, ...path.split('/'))) };
}

/** Paths with slashes, sorted. Folders that begin with a dot belong to other programs. */
async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    if (entries.length > mostFiles) {
      throw new Error(`it holds ${entries.length} files; name the file itself`);
    }
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
      .map((path) => path.split(sep).join('/'))
      .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
      .sort();
  } catch (error) {
    throw new Error(`${folder}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * SHA-256 over the content, hexadecimal: of one file its own, of several that of theirs in order.
 * @throws where a file cannot be read
 */
export async function hashData(source: DataSource): Promise<string> {
  const { files } = await placeOf(source);
  const hashes: string[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash).catch((error: unknown) => {
      throw new Error(`${file}: cannot be read: ${reasonOf(error)}`, { cause: error });
    });
    hashes.push(hash.digest('hex'));
  }
  const [only = '', ...more] = hashes;
  return more.length === 0 ? only : createHash('sha256').update(hashes.join('\n')).digest('hex');
}
