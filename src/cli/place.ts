/** Where machines meet, as commands name it. */
import { folderPlace, type Place } from '../machines/place.js';
import { text, type OptionValues } from '../shape/options.js';
import { UsageError } from '../text/usageError.js';
import type { Context } from './command.js';
import { redisOption } from './machineOptions.js';

export const placeOptions = {
  store: text({ value: 'folder', help: 'the --store of the runs' }),
  ...redisOption,
} as const;

export const jobOption = {
  job: text({ value: 'id', help: 'one job, e.g. sweep-1a2b3c4d (default: all)' }),
} as const;

/** @throws UsageError where none is named; where Redis cannot be reached. */
export async function openPlace(
  { store, redis }: Partial<OptionValues<typeof placeOptions>>,
  { path }: Pick<Context, 'path'>,
): Promise<Place> {
  if (redis !== undefined) {
    const { redisPlace } = await import('../machines/redis/place.js');
    return await redisPlace({ url: redis, folder: store && path(store) });
  }
  if (store !== undefined) return folderPlace(path(store));
  throw new UsageError('--store: which one? Name the folder that machines share, or their --redis');
}
