/** Where machines meet, as commands name it. */
import { folderPlace, type Place } from '../machines/place.js';
import { openStore } from '../machines/openStore.js';
import { isS3 } from '../machines/s3Store.js';
import type { Store } from '../record/store.js';
import { text, type OptionValues } from '../shape/options.js';
import { UsageError } from '../text/usageError.js';
import type { Context } from './command.js';
import { redisOption } from './machineOptions.js';

export const placeOptions = {
  store: text({ value: 'place', help: 'the --store of the runs' }),
  ...redisOption,
} as const;

export const jobOption = {
  job: text({ value: 'id', help: 'one job, e.g. sweep-1a2b3c4d (default: all)' }),
} as const;

/** @throws UsageError where none is named; where Redis cannot be reached. */
export async function openPlace(
  { store, redis }: Partial<OptionValues<typeof placeOptions>>,
  { path, io }: Pick<Context, 'path' | 'io'>,
): Promise<Place> {
  if (redis !== undefined) {
    const { redisPlace } = await import('../machines/redis/place.js');
    if (store === undefined) return await redisPlace({ url: redis });
    const [name, { env }] = [isS3(store) ? store : path(store), io];
    const results = (about: unknown): Store => openStore(name, { about, env });
    return await redisPlace({ url: redis, results });
  }
  if (store !== undefined && isS3(store)) {
    throw new UsageError(
      `--store ${store}: S3 keeps results and grants no leases; give --on bullmq and --redis too`,
    );
  }
  if (store !== undefined) return folderPlace(path(store));
  throw new UsageError('--store: which one? Name the folder that machines share, or their --redis');
}
