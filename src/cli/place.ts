/** Where machines meet, as commands name it. */
import { untilThere, type Patience } from '../machines/away.js';
import { folderPlace, type Place } from '../machines/place.js';
import { checkStore, openStore } from '../machines/openStore.js';
import { isS3 } from '../machines/s3Store.js';
import type { Store } from '../record/store.js';
import { integer, text, type OptionValues } from '../shape/options.js';
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

export const waitOption = {
  wait: integer({
    value: 'seconds',
    help: 'for a Redis, an S3 or a folder that is not there yet',
    ...{ default: 60, least: 0 },
  }),
} as const;

type PlaceFlags = Partial<OptionValues<typeof placeOptions>>;

/** @throws UsageError where none is named; where Redis cannot be reached. */
export async function openPlace(
  { store, redis }: PlaceFlags,
  { path, io }: Pick<Context, 'path' | 'io'>,
): Promise<Place> {
  if (redis !== undefined) {
    const { redisPlace } = await import('../machines/redis/place.js');
    if (store === undefined) return await redisPlace({ url: redis });
    const [name, { env }] = [nameOf(store, path), io];
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

/**
 * The same for a machine that may be up before what it asks for, e.g. before a network drive is mounted.
 * @throws what is missing, when it has waited so long; at once where waiting is of no use.
 */
export async function awaitPlace(
  given: PlaceFlags & OptionValues<typeof waitOption>,
  context: Pick<Context, 'path' | 'io' | 'signal' | 'warn'>,
): Promise<Place> {
  return await untilThere(() => openThere(given, context), patienceOf(given, context));
}

/** The same, for what must be there already. @throws where it is not. */
export async function openThere(
  given: PlaceFlags,
  context: Pick<Context, 'path' | 'io'>,
): Promise<Place> {
  const { store } = given;
  if (store !== undefined) await checkStore(nameOf(store, context.path), context.io);
  return await openPlace(given, context);
}

export function patienceOf(
  { wait }: OptionValues<typeof waitOption>,
  { signal, warn }: Pick<Context, 'signal' | 'warn'>,
): Patience {
  const onWait = (reason: string): void => warn(`waiting for ${wait} s at most: ${reason}`);
  return { milliseconds: 1000 * wait, onWait, signal };
}

/** Where results lie, for {@link Context.keptIn}. */
export function keptPlace({ store }: PlaceFlags, { path }: Pick<Context, 'path'>): string {
  return store === undefined ? 'Redis' : nameOf(store, path);
}

function nameOf(store: string, path: Context['path']): string {
  return isS3(store) ? store : path(store);
}
