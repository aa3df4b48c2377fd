/** From the name of data to their files, the Hugging Face hub included. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { placeOf, type DataPlace } from '../data/files/place.js';
import { isDataFile } from '../data/files/plan.js';
import { parseDataName, shortNames } from './hub/dataName.js';
import type { HubOptions } from './hub/settings.js';
import { UsageError } from '../text/usageError.js';

export interface FindDataOptions extends HubOptions {
  /** Where relative paths begin. Default: the working directory. */
  folder?: string;
  /** What else could have been named, for the error where nothing has the name. */
  besides?: readonly string[];
}

/**
 * Finds data by name: a file, a folder with the files of one split, `org/name[@revision][:config][/split]`
 * of the hub's data sets, or a short name of one (`gsm8k:main/test`). What exists on this machine comes first;
 * what is not in the hub's cache yet is downloaded.
 * @throws where nothing has that name; where a folder or data set holds several sets of data, with their
 *   names; where the hub has none, refuses it, or cannot be reached
 *
 * @example
 * const data = await findData('openai/gsm8k:main/test');
 * const { questions } = await openQuestions(data, { count: 20 });
 */
export async function findData(name: string, options: FindDataOptions = {}): Promise<DataPlace> {
  const path = resolve(options.folder ?? '', name);
  if (existsSync(path)) return await placeOf(path);
  // A file that is not there, rather than a data set; whoever reads it says so.
  if (isDataFile(name)) return { name: basename(path), source: path, files: [path] };
  const hub = parseDataName(name);
  if (hub) {
    const { hubData } = await import('./hub/fetch.js');
    return await hubData(hub, options);
  }
  throw new UsageError(
    `data: nothing is called "${name}" (expected ${[...(options.besides ?? []), 'a file or folder', 'org/name[@revision][:config][/split] of the Hugging Face hub'].join(', ')}, or one of ${Object.keys(shortNames).join(', ')})`,
  );
}
