/** A store of results by its name. */
import { readdir } from 'node:fs/promises';
import { fileError } from '../disk/fileErrors.js';
import { folderStore, type Store } from '../record/store.js';
import { Away } from './away.js';
import { isS3, s3Store, type S3Options } from './s3Store.js';

/** @param name a folder's absolute path, or `s3://bucket/folder` @throws as {@link s3Store} */
export function openStore(name: string, { about, env }: Pick<S3Options, 'about' | 'env'>): Store {
  return isS3(name) ? s3Store({ url: name, about, env }) : folderStore(name, about);
}

/**
 * @param name as {@link openStore} takes it
 * @throws {@link Away} where it is not there now; any other error where waiting is of no use.
 */
export async function checkStore(name: string, { env }: Pick<S3Options, 'env'>): Promise<void> {
  if (isS3(name)) {
    // Whether there is a result of that name is all the same: the service answers, and knows the keys.
    await s3Store({ url: name, about: null, env, tries: 1 }).has('');
    return;
  }
  try {
    await readdir(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Away(`store: there is no folder ${name}; mount it, or give another --store`);
    }
    throw fileError({ subject: 'store', action: 'read', path: name, error });
  }
}
