/** Results and notes in Redis, where machines share no disk. */
import type { Redis } from 'ioredis';
import { sha256 } from '../../record/hash.js';
import { canonicalJson, toJson } from '../../record/json.js';
import { askedTogether, type Store } from '../../record/store.js';
import type { Notes } from '../notes.js';
import { prefix, steadily } from './connection.js';

/** @param about plain JSON of what results depend on beside their keys */
export function redisStore(redis: Redis, about: unknown): Store {
  const nameOf = (key: string): string =>
    `${prefix}:result:${sha256(canonicalJson({ about, key }))}`;
  const has = async (key: string): Promise<boolean> =>
    (await steadily(redis, () => redis.exists(nameOf(key)))) > 0;
  return {
    placeOf: nameOf,
    async get(key) {
      const kept = await steadily(redis, () => redis.get(nameOf(key)));
      return kept === null ? undefined : parsed(kept, nameOf(key));
    },
    has,
    // They go out together, and none waits for the answer to another.
    known: (keys, how) => askedTogether(keys, { ...how, has, atOnce: 1000 }),
    async put(key, value) {
      // Who comes second changes nothing.
      await steadily(redis, () => redis.set(nameOf(key), toJson(value), 'NX'));
    },
  };
}

/** @throws where it is damaged, naming the key. */
function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new Error(`redis: what it keeps as ${name} is no JSON; delete it, and it is made again`, { cause }); // prettier-ignore
  }
}

/** A hash for each first part of the names, and the set of these. */
export function redisNotes(redis: Redis): Notes {
  const all = `${prefix}:jobs`;
  const hashOf = (first: string): string => `${prefix}:job:${first}`;
  const partsOf = (name: string): [string, string] => {
    const at = name.indexOf('/');
    return [name.slice(0, at), name.slice(at + 1)];
  };
  return {
    async read(name) {
      const [first, second] = partsOf(name);
      const note = await steadily(redis, () => redis.hget(hashOf(first), second));
      return note === null ? undefined : parsed(note, `${second} of ${hashOf(first)}`);
    },
    async write(name, note) {
      const [first, second] = partsOf(name);
      await steadily(redis, () => redis.hset(hashOf(first), second, JSON.stringify(note)));
      await steadily(redis, () => redis.sadd(all, first));
    },
    async list(first) {
      const names = await steadily(redis, () =>
        first === undefined ? redis.smembers(all) : redis.hkeys(hashOf(first)),
      );
      return names.sort();
    },
    async remove(first) {
      await steadily(redis, () => redis.del(hashOf(first)));
      await steadily(redis, () => redis.srem(all, first));
    },
  };
}
