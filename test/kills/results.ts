/**
 * What a command left, and what of it may differ between two runs. Nothing else may: not a byte.
 *
 * - `started` in manifest.json: when the run was first opened.
 * - Measured times: `timing` (scan.json, and of each system in compare.json), `milliseconds` and
 *   `firstTextMilliseconds` (records of answers, and of a report's parts), `msPerToken` and
 *   `firstTokenMs` (evaluate.json), ratios of them, `perToken` and `firstText` (compare.json), and what
 *   is drawn of them.
 *
 * A page is drawn from its summary, times included; it must be what its own summary gives.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Keys whose values are a clock's. */
export const measured = [
  ...['started', 'timing', 'milliseconds', 'firstTextMilliseconds'],
  ...['msPerToken', 'firstTokenMs', 'perToken', 'firstText'],
] as const;

/** Relative path → content, measured times taken out. */
export type Results = ReadonlyMap<string, string>;

/** All files below a folder. */
export function readResults(folder: string): Results {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path, comparable(path, readFileSync(join(folder, path)))]));
}

function comparable(path: string, bytes: Buffer): string {
  if (path.endsWith('.json')) return without(bytes.toString('utf8'));
  if (path.endsWith('.jsonl')) return bytes.toString('utf8').split('\n').map(without).join('\n');
  return bytes.toString('latin1');
}

/** Where a key is measured, its whole value is; numbers keep the digits that they were written with. */
function without(line: string): string {
  if (!measured.some((key) => line.includes(`"${key}"`))) return line;
  const value: unknown = JSON.parse(line, (key, item: unknown) =>
    (measured as readonly string[]).includes(key) ? 'measured' : item,
  );
  return JSON.stringify(value);
}

/** Names of files that a run must not leave. */
export function leftOver(results: Results): string[] {
  return [...results.keys()].filter((path) => /\.(tmp|lock)$/.test(path));
}

/** The first differences between two results, for people; none where they are the same. */
export function differences(
  expected: Results,
  got: Results,
  passed: ReadonlySet<string>,
): string[] {
  const names = [...new Set([...expected.keys(), ...got.keys()])].sort();
  return names.flatMap((name): string[] => {
    const [a, b] = [expected.get(name), got.get(name)];
    if (a === undefined) return [`${name} is there, and should not be`];
    if (b === undefined) return [`${name} is not there`];
    if (a === b || passed.has(name)) return [];
    const at = [...a].findIndex((letter, i) => letter !== b[i]);
    const shown = (text: string): string =>
      JSON.stringify(text.slice(Math.max(0, at - 40), at + 40));
    return [`${name} differs at ${at}: ${shown(a)} and ${shown(b)}`];
  });
}
