/**
 * `steering.json`: what is saved beside a direction so that a coefficient means the same everywhere.
 * It names the direction's file and its bytes, the steered layers, and what coefficient 1 adds there.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { checked } from '../../shape/check.js';
import { count, positionRule } from '../../shape/pieces.js';
import { decodeUtf8 } from '../../text/utf8.js';

/** Its name, beside the direction's. */
export const steeringFileName = 'steering.json';
/** The direction's name in a run folder. */
export const directionFileName = 'directions.safetensors';

const format = 'aligner-lab.steering.v1';
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
/** Longer than any file system takes. */
const longestName = 255;
const fileName = z
  .string()
  .max(longestName, `expected at most ${longestName} characters`)
  .regex(/^[^/\\\0]+$/, 'expected the name of a file in the same folder');

export const steeringShape = z.strictObject({
  format: z.literal(format),
  model: z.strictObject({ name: z.string(), sha256 }).describe('the model that is steered'),
  direction: z.strictObject({
    file: fileName.describe('in the same folder'),
    sha256: sha256.describe('of its bytes'),
  }),
  foundFrom: z
    .strictObject({
      stimuliSha256: sha256.describe('of the file of stimuli'),
      labels: z.enum(['behaviour', 'given']),
      method: z.string(),
      seed: count,
    })
    .nullable()
    .describe('what the direction was found from; null where it was given'),
  layers: z.array(count).min(1).describe('steered, ascending'),
  scale: z.number().positive().describe('the whole norm added at coefficient 1, in mean norms'),
  unit: z.string().describe('what coefficient 1 means, in words'),
  unitValue: z
    .array(z.number().positive())
    .describe('per steered layer, the norm that coefficient 1 adds'),
  positions: positionRule.describe('which are steered'),
  chosen: z.string().describe('how layers and scale were chosen, in words'),
});
/** `steering.json` */
export type SavedSteering = z.infer<typeof steeringShape>;

/** What a `--direction` stands for: a direction file and, where one was saved, its steering. */
export interface DirectionPlace {
  /** Path of the direction file. */
  direction: string;
  /** Null: layers and scale are not known. */
  steering: { path: string; saved: SavedSteering } | null;
}

/** The text of a `steering.json`. */
export function formatSteering(saved: Omit<SavedSteering, 'format'>): string {
  return `${JSON.stringify({ format, ...saved }, null, 2)}\n`;
}

/** @throws where the file cannot be read, is no JSON, or does not fit its shape. */
export async function readSteering(path: string): Promise<SavedSteering> {
  let text: string;
  try {
    text = decodeUtf8(await readFile(path));
  } catch (cause) {
    throw new Error(`steering: cannot read ${path}; make one with \`aligner-lab sweep\``, {
      cause,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`steering: ${path} is not JSON; make it anew with \`aligner-lab sweep\``, {
      cause,
    });
  }
  const saved = checked(steeringShape, value, `steering: ${path}`);
  const { layers, unitValue } = saved;
  if (layers.some((layer, i) => layer <= (layers[i - 1] ?? -1))) {
    throw new Error(`steering: ${path} names layers ${layers.join(', ')} (expected ascending)`);
  }
  if (unitValue.length === layers.length) return saved;
  throw new Error(
    `steering: ${path} has ${unitValue.length} unit values (expected ${layers.length}, one per steered layer)`,
  );
}

/**
 * The files behind a path: a folder that `sweep`, `extract` or `lat-scan` wrote, a `steering.json`, or
 * a direction file, whose steering is the `steering.json` beside it that names it.
 * @throws where a folder holds neither; where the direction is not the one that was saved.
 */
export async function locateDirection(path: string): Promise<DirectionPlace> {
  if (isFolder(path)) {
    const steering = join(path, steeringFileName);
    if (existsSync(steering)) return await saved(steering);
    const direction = join(path, directionFileName);
    if (existsSync(direction)) return { direction, steering: null };
    throw new Error(
      `direction: ${path} is a folder without ${steeringFileName} or ${directionFileName}; name a file, or the folder of a sweep, a scan or an extraction`,
    );
  }
  if (path.endsWith('.json')) return await saved(path);
  const beside = join(dirname(path), steeringFileName);
  if (!existsSync(path) || !existsSync(beside)) return { direction: path, steering: null };
  const place = await saved(beside, basename(path));
  return place ?? { direction: path, steering: null };
}

async function saved(path: string): Promise<DirectionPlace>;
async function saved(path: string, named: string): Promise<DirectionPlace | null>;
async function saved(path: string, named?: string): Promise<DirectionPlace | null> {
  const steering = await readSteering(path);
  const { file, sha256: expected } = steering.direction;
  if (named !== undefined && named !== file) return null;
  const direction = join(dirname(path), file);
  const found = await hashOf(direction, path);
  if (found === expected) return { direction, steering: { path, saved: steering } };
  throw new Error(
    `steering: ${path} was saved with another ${file} (expected SHA-256 ${expected.slice(0, 12)}…, got ${found.slice(0, 12)}…); make both anew with \`aligner-lab sweep\`, or move ${steeringFileName} away`,
  );
}

async function hashOf(direction: string, path: string): Promise<string> {
  try {
    const bytes = await readFile(direction);
    return createHash('sha256').update(bytes).digest('hex');
  } catch (cause) {
    throw new Error(`steering: ${path} names ${direction}, which cannot be read`, { cause });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
