/**
 * Answers of servers, kept so that none is asked for twice: not by a run that goes on, nor by another
 * run that asks the same. A folder of JSON Lines; each process writes a file of its own, so that runs
 * side by side do not disturb each other.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PaidAnswer, PaidAnswers } from '../align/served/tapes.js';
import { makeFolder } from '../disk/makeFolder.js';
import type { Identity } from '../runtime/identity.js';
import { openJournal, readJournal, type Journal } from './journal.js';

const answer = z.object({
  ...{ key: z.string(), text: z.string(), finish: z.string().nullable() },
  probabilities: z.record(z.string(), z.number()).optional(),
});

/**
 * The answers of one server that lie in a folder, which need not be there yet.
 * @throws on a damaged file, which is named.
 */
export async function openPaidAnswers(
  folder: string,
  { sha256 }: Pick<Identity, 'sha256'>,
): Promise<PaidAnswers> {
  const begins = sha256.slice(0, 16);
  const known = new Map<string, PaidAnswer>();
  const take = (one: PaidAnswer): void => {
    const before = known.get(one.key);
    // Read further, the same answer is longer; a whole one is never given up.
    if (!before || (before.finish === null && one.text.length >= before.text.length)) {
      known.set(one.key, one);
    }
  };
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${begins}-`) || !name.endsWith('.jsonl')) continue;
    (await readJournal(join(folder, name), answer)).forEach(take);
  }
  let journal: Promise<Journal<PaidAnswer>> | null = null;
  const open = async (): Promise<Journal<PaidAnswer>> => {
    await makeFolder(folder);
    return await openJournal<PaidAnswer>(join(folder, `${begins}-${randomUUID()}.jsonl`), answer);
  };
  return {
    get: (key) => known.get(key),
    async put(one) {
      take(one);
      await (await (journal ??= open())).append(one);
    },
    async close() {
      await (await journal)?.close();
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
