/** The run folder that the page saves: what was asked, every round with its readings, and the answers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fileError } from '../disk/fileErrors.js';
import { readJournal } from '../record/journal.js';
import { manifestShape } from '../record/manifest.js';
import { checked } from '../shape/check.js';
import { count, numberOrNull, rate } from '../shape/pieces.js';
import { decodeUtf8 } from '../text/utf8.js';
import { auditedStrength } from './audit.js';
import { playedRound } from './play.js';

const setting = z.enum(['A', 'B']);

/** A line of `records.jsonl`: one round at one setting. */
export const playRecord = z.strictObject({
  setting,
  strength: auditedStrength.nullable(),
  ...playedRound,
});
export type PlayRecord = z.infer<typeof playRecord>;

/** `play.json` */
export const playSummary = z.strictObject({
  model: z.string(),
  question: z.string(),
  link: z.string().describe('opens the page with these settings'),
  answers: z.array(
    z.strictObject({
      setting,
      strength: auditedStrength.nullable(),
      text: z.string(),
      rounds: count,
      copyRate: rate,
      editRatio: numberOrNull.describe('mean over the rounds that have one'),
      reason: z.string().nullable().describe('why the answer ended; null: it was broken off'),
    }),
  ),
});
export type PlaySummary = z.infer<typeof playSummary>;

/** All of a folder. */
export interface PlayRun {
  manifest: z.infer<typeof manifestShape>;
  records: PlayRecord[];
  summary: PlaySummary;
}

/**
 * Reads a run folder of the page, unpacked.
 * @throws where a file is missing, or is not what the page saves.
 */
export async function readPlayRun(folder: string): Promise<PlayRun> {
  if (folder.endsWith('.tar')) {
    throw new Error(`run folder: ${folder} is packed; unpack it (tar xf) and name the folder`);
  }
  const run = {
    manifest: await readPart(join(folder, 'manifest.json'), manifestShape),
    records: await readJournal(join(folder, 'records.jsonl'), playRecord),
    summary: await readPart(join(folder, 'play.json'), playSummary),
  };
  checkWhole(folder, run);
  return run;
}

/** The page writes all of a run at once, so that its parts tell of each other. */
function checkWhole(folder: string, { manifest, records, summary }: PlayRun): void {
  const damaged = (what: string): Error => new Error(`run folder: ${folder}: ${what}; save it again`); // prettier-ignore
  if (manifest.command !== 'play') {
    throw damaged(`it is of the command ${manifest.command} (expected play)`);
  }
  for (const { setting, rounds, text } of summary.answers) {
    const own = records.filter((record) => record.setting === setting);
    if (own.length !== rounds) {
      throw damaged(`records.jsonl has ${own.length} rounds of setting ${setting} (expected ${rounds})`); // prettier-ignore
    }
    if (!text.startsWith(own.map((record) => record.text).join(''))) {
      throw damaged(`the rounds of setting ${setting} in records.jsonl are not its answer`);
    }
  }
}

async function readPart<T>(path: string, shape: z.ZodType<T>): Promise<T> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileError({ subject: 'run folder', action: 'read', path, error });
  }
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(bytes));
  } catch (cause) {
    throw new Error(`run folder: ${path} is no JSON; save it again`, { cause });
  }
  return checked(shape, value, `run folder: ${path}`);
}
