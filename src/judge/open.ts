/** Judges of pairs by name: the same string here and on the command line. */
import { resolve } from 'node:path';
import type { ServerOptions } from '../align/served/open.js';
import { UsageError } from '../text/usageError.js';
import { isServerName } from '../wire/address.js';
import { humanName, openHumanJudge } from './human.js';
import { readCriterion } from './criterion.js';
import type { Judge } from './judge.js';
import { openServedJudge } from './served.js';
import type { VerdictForm } from './verdict.js';

export interface OpenJudgeOptions {
  /** `helpful`, `harmless`, or a file, see `readCriterion`. Default `helpful`. */
  criterion?: string;
  /** Of a server, see `VerdictForm`. Default `written`. */
  verdict?: VerdictForm | undefined;
  /** Where relative paths begin. Default: the working directory. */
  folder?: string;
  /** How servers are asked. */
  server?: ServerOptions;
}

/**
 * Opens a judge by name: `http://host/v1#model`, a model behind an OpenAI-compatible server; or
 * `human:<file>.csv`, people, see `openHumanJudge`, whose criterion is what they were told.
 * @throws where nothing of that name can be opened.
 *
 * @example
 * const judge = await openJudge('http://127.0.0.1:8080/v1#my-model', { criterion: 'harmless' });
 * const question = { id: 'tea', question: 'How do I make tea?' };
 * const [said] = await judge.compare([{ question, first: 'Boil water.', second: 'Go away.' }]);
 * said; // 'first' where both orders say so
 * await judge.close();
 */
export async function openJudge(name: string, options: OpenJudgeOptions = {}): Promise<Judge> {
  const { criterion = 'helpful', server, folder = '', verdict } = options;
  if (isServerName(name)) {
    const read = readCriterion(criterion);
    return await openServedJudge(name, { ...server, criterion: read, ...(verdict && { verdict }) });
  }
  if (humanName.test(name)) return openHumanJudge(resolve(folder, name.replace(humanName, '')));
  throw new UsageError(
    `judge: ${name} is no judge (expected http://host/v1#model, or human:<file>.csv)`,
  );
}
