/** A store of results by its name. */
import { folderStore, type Store } from '../record/store.js';
import { isS3, s3Store, type S3Options } from './s3Store.js';

/** @param name a folder's absolute path, or `s3://bucket/folder` @throws as {@link s3Store} */
export function openStore(name: string, { about, env }: Pick<S3Options, 'about' | 'env'>): Store {
  return isS3(name) ? s3Store({ url: name, about, env }) : folderStore(name, about);
}
