/** What a caller's own code hands over, whatever its types promise. */

/**
 * A list with one element per thing asked for. Holes of a sparse one are undefined in it.
 * @param options.message the error, from how many there are or what there is instead
 * @throws where it is no array, and where it has another length.
 */
export function listOf(
  value: unknown,
  { count, message }: { count: number; message: (got: string) => string },
): unknown[] {
  if (!Array.isArray(value)) throw new Error(message(shownValue(value)));
  if (value.length !== count) throw new Error(message(String(value.length)));
  return Array.from<unknown>(value);
}

/** A value in an error: one line, shortened; `nothing` where there is none. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  // As JSON, NaN would be null.
  const text = typeof value === 'number' ? String(value) : (asJson(value) ?? typeof value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A name out of a file (an id, a key, a group) in an error: as it is, shortened. */
export function shownName(name: string): string {
  return name.length > 80 ? `${name.slice(0, 79)}…` : name;
}

/** undefined for what has no JSON: nothing, functions, what holds itself. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
