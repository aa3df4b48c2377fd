/** Rows of JSON Lines with the place they stand at, for errors that say where. */

export interface Row {
  record: Readonly<Record<string, unknown>>;
  /** `source:line` */
  where: string;
}

/** Empty lines are passed over. @throws with `source:line` where a line is no JSON object. */
export function jsonRows(text: string, source: string): Row[] {
  return text.split('\n').flatMap((line, i): Row[] => {
    const where = `${source}:${i + 1}`;
    return line.trim() === '' ? [] : [{ record: parseObject(line, where), where }];
  });
}

function parseObject(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${where}: not JSON (got ${JSON.stringify(line.slice(0, 60))})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${where}: not a stimulus (expected an object, got ${line.slice(0, 60)})`);
  }
  return value as Record<string, unknown>;
}

/**
 * @param hint what else to do, where there is something
 * @throws where a key holds none of the options.
 */
export function oneOf<const T extends string>(
  { record, where }: Row,
  key: string,
  options: readonly T[],
  hint = '',
): T {
  const value = record[key];
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  throw new Error(
    `${where}: unknown ${key} (expected ${options.join(' | ')}, got ${shown(value)})${hint}`,
  );
}

export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
