/** What the configuration files of a model's folder say, read as they are: anyone may have written them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeUtf8 } from '../text/utf8.js';

export type Config = Readonly<Record<string, unknown>>;

/** A JSON object in a model's folder; null where there is no such file. @throws naming a damaged one. */
export function readConfig(folder: string, name: string): Config | null {
  const path = join(folder, name);
  if (!existsSync(path)) return null;
  let content: unknown;
  try {
    content = JSON.parse(decodeUtf8(readFileSync(path)).replace(/^\uFEFF/, ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`model: ${path} is no JSON (${reason}); download it again`, { cause });
  }
  const found = objectIn(content);
  if (found) return found;
  throw new Error(`model: ${path} is no JSON object; download it again`);
}

/** The value where it is a JSON object, else null. */
export function objectIn(value: unknown): Config | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Config)
    : null;
}
