/** JSON that says what was meant: no number turns into null on its way to disk. */

/**
 * `JSON.stringify`, with typed arrays as arrays of numbers.
 * @throws on NaN and infinity, which JSON would silently write as null (null is for *undefined*
 *   quantities, and is written where it was meant).
 */
export function toJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (key, item: unknown) => {
      if (typeof item === 'number' && !Number.isFinite(item)) {
        throw new Error(
          `record: ${key === '' ? 'value' : key} is ${item} (expected a finite number)`,
        );
      }
      if (!isTypedArray(item)) return item;
      return Array.from<number | bigint>(item);
    },
    indent,
  ) as string | undefined;
  if (text === undefined) throw new Error('record: undefined cannot be written');
  return text;
}

/** Text that is equal where two values are equal as JSON, whatever the order of their keys. */
export function canonicalJson(value: unknown): string {
  return toJson(sorted(JSON.parse(toJson(value))));
}

/** The first path at which two JSON values differ, or null. */
export function firstDifference(a: unknown, b: unknown, path = ''): Difference | null {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(own(a, key), own(b, key), path === '' ? key : `${path}.${key}`);
      if (found !== null) return found;
    }
    return null;
  }
  return JSON.stringify(a) === JSON.stringify(b) ? null : { path, a, b };
}

/** What every object inherits is no part of it. */
function own(holder: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

export interface Difference {
  path: string;
  a: unknown;
  b: unknown;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTypedArray(value: unknown): value is NodeJS.TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
