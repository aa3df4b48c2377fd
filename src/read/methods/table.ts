/**
 * The methods: from labelled hidden states of *one* layer to a vector. Each is a function of the
 * same shape; sign and norm are given afterwards, alike for all (directions.ts). A new one is a file,
 * a line here and its name in `names.ts`; one's own need not be here at all ({@link OwnMethod}).
 */
import type { FindDirection } from './contrast.js';
import { methodNames, type Method } from './names.js';
import { meanDifference } from './meanDifference.js';
import { pca, pcaPairwise, pcaUncentered } from './pca.js';
import { probe } from './probe.js';

/** All methods by name. */
export const methods = {
  pca,
  'pca-uncentered': pcaUncentered,
  'pca-pairwise': pcaPairwise,
  'mean-difference': meanDifference,
  probe,
} satisfies Readonly<Record<Method, FindDirection>>;

/** A method of one's own; its name stands in files and records. */
export interface OwnMethod {
  name: string;
  find: FindDirection;
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name);
}

/** Names that cannot be a method's of one's own: they say something else in files. */
const taken: readonly string[] = [...methodNames, 'imported', 'none', ''];

/** @throws on an unknown name, and on one's own method under a name that is taken. */
export function resolveMethod(method: Method | OwnMethod): OwnMethod {
  if (typeof method === 'string') {
    if (isMethod(method)) return { name: method, find: methods[method] };
    throw new Error(
      `directions: unknown method ${String(method)} (expected ${methodNames.join(' | ')})`,
    );
  }
  if (!taken.includes(method.name)) return method;
  throw new Error(
    `directions: a method of one's own cannot be called "${method.name}"; choose another name`,
  );
}
