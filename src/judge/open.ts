/** Judges of pairs by name: the same string here and on the command line. */
import { resolve } from 'node:path';
import type { ServerOptions } from '../align/served/open.js';
import { UsageError } from '../text/usageError.js';
import { isServerName } from '../wire/address.js';
import { opened } from '../align/opened.js';
import type { ModelFiles } from '../runtime/modelFiles.js';
import {
  isClassifierName,
  openClassifier,
  parseClassifier,
  type OpenedScorer,
} from './classifier.js';
import { judgeOf } from './judge.js';
import { preferenceFromScorer } from './preference.js';
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
  /** From a classifier's name to its files. Default `resolveModel`. */
  find?: (model: string) => Promise<ModelFiles>;
}

/**
 * Opens a judge by name: `http://host/v1#model`, a model behind an OpenAI-compatible server; or
 * `human:<file>.csv`, people, see `openHumanJudge`, whose criterion is what they were told; or
 * `classifier:<model>#<label>`, whose better score wins, see `openScorer`.
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
  if (isClassifierName(name)) {
    const scorer = await openScorer(name, options);
    const { name: shown, model: identity } = scorer;
    const own = opened({ name: shown, identity, close: () => scorer.close() });
    return judgeOf(preferenceFromScorer(scorer), own);
  }
  throw new UsageError(
    `judge: ${name} is no judge (expected http://host/v1#model, human:<file>.csv, or classifier:<model>#<label>)`,
  );
}

/**
 * Opens a scorer by name: `classifier:<model>`, a text classifier in ONNX; with `#<label>` the label
 * that counts, and with `=higher` or `=lower` behind it which way is better. See `openClassifier`.
 * @throws where nothing of that name can be opened, and as `openClassifier` does.
 */
export async function openScorer(
  name: string,
  { find }: Pick<OpenJudgeOptions, 'find'> = {},
): Promise<OpenedScorer> {
  if (!isClassifierName(name)) {
    throw new UsageError(`scorer: ${name} is no scorer (expected classifier:<model>#<label>)`);
  }
  const { model, ...said } = parseClassifier(name);
  return await openClassifier({ ...said, model: find ? await find(model) : model });
}
