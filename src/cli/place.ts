/** Where machines meet, as commands name it. */
import { folderPlace, type Place } from '../machines/place.js';
import { text, type OptionValues } from '../shape/options.js';
import { UsageError } from '../text/usageError.js';
import type { Context } from './command.js';

export const placeOptions = {
  store: text({ value: 'folder', help: 'the --store of the runs' }),
} as const;

export const jobOption = {
  job: text({ value: 'id', help: 'one job, e.g. sweep-1a2b3c4d (default: all)' }),
} as const;

/** @throws UsageError where none is named. */
export function openPlace(
  { store }: Partial<OptionValues<typeof placeOptions>>,
  { path }: Pick<Context, 'path'>,
): Promise<Place> {
  if (store === undefined) throw new UsageError('--store: which one? Name the folder that machines share'); // prettier-ignore
  return Promise.resolve(folderPlace(path(store)));
}
