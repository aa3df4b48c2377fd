/** Options of commands that ask servers, and how they are asked. */
import { join } from 'node:path';
import type { ServerOptions } from '../align/served/open.js';
import { openJournal } from '../record/journal.js';
import { openPaidAnswers } from '../record/paidAnswers.js';
import { loadTokenizer } from '../runtime/tokenizer.js';
import { integer, number, text, type OptionValues } from '../shape/options.js';
import { UsageError } from '../text/usageError.js';
import { Meter, type Budget, type Price, type Traffic } from '../wire/meter.js';
import type { Context } from './command.js';

const budgetForm = /^(requests|tokens|cost)=\d+(\.\d+)?(,(requests|tokens|cost)=\d+(\.\d+)?)*$/;
const priceForm = /^\d+(\.\d+)?\/\d+(\.\d+)?$/;

export const servers = {
  template: text({
    value: 'folder',
    help: 'model folder whose chat template renders what a server is asked (default: the server’s own, where it gives it)',
  }),
  concurrency: integer({ value: 'n', help: 'requests to a server at once', default: 16 }),
  budget: text({
    value: 'limits',
    help: 'what may be asked of servers, e.g. requests=500,tokens=1000000,cost=2',
  }),
  price: text({
    value: 'a/b',
    help: 'cost of a million tokens of prompts and of answers, e.g. 0.15/0.60',
  }),
  deadline: number({
    value: 'seconds',
    help: 'how long a server may take to its first word',
    default: 300,
  }),
  answerTokens: integer({
    value: 'n',
    help: 'most tokens of an answer of an upstream behind a server (default: 512)',
  }),
  correctionTokens: integer({
    value: 'n',
    help: 'the same of a corrector (default: 128) or an Aligner (512)',
  }),
  paid: text({
    value: 'folder',
    help: 'where answers of servers are kept, so that none is asked for twice',
    default: 'runs/paid',
  }),
} as const;

export type ServerFlags = Partial<OptionValues<typeof servers>> & {
  judgeTokens?: number | undefined;
  annotatorTokens?: number | undefined;
};

/** What a server is asked for; each has its own option for the length of its answers. */
export type ServedRole = 'upstream' | 'corrector' | 'judge' | 'annotator';

/** How the servers of one command are asked; all share one budget. */
export interface Servers {
  /** For one that is opened now. @throws where the template cannot be loaded. */
  options: (role: ServedRole) => Promise<ServerOptions>;
  /** Null where none was asked. */
  traffic: () => Traffic | null;
}

export function serversOf(given: ServerFlags, { io, path, signal }: Context): Servers {
  const meter = meterOf(given);
  const { template, concurrency, deadline = 300, paid = 'runs/paid' } = given;
  const tokens: Record<ServedRole, number | undefined> = {
    ...{ upstream: given.answerTokens, corrector: given.correctionTokens },
    ...{ judge: given.judgeTokens, annotator: given.annotatorTokens },
  };
  return {
    async options(role) {
      const maxTokens = tokens[role];
      return {
        ...{ meter, env: io.env, signal, concurrency },
        deadlines: { firstText: deadline * 1000 },
        ...(maxTokens !== undefined && { maxTokens }),
        ...(template !== undefined && { template: await loadTokenizer(path(template)) }),
        paid: (identity) => openPaidAnswers(path(paid), identity),
      };
    },
    traffic() {
      const traffic = meter.traffic();
      return traffic.requests + traffic.remembered > 0 ? traffic : null;
    },
  };
}

/** Counts what is asked, within the budget. @throws UsageError */
export function meterOf({ price, budget }: ServerFlags): Meter {
  return new Meter({ price: priceOf(price), budget: budgetOf(budget) });
}

function budgetOf(given: string | undefined): Budget {
  if (given !== undefined && !budgetForm.test(given)) {
    throw new UsageError(
      `--budget: ${given} is no budget (expected e.g. requests=500,tokens=1000000,cost=2)`,
    );
  }
  const parts = given?.split(',').map((part) => part.split('=')) ?? [];
  const limits: Record<string, number> = {};
  for (const [name = '', value] of parts) limits[name] = Number(value);
  return limits;
}

function priceOf(given: string | undefined): Price | null {
  if (given !== undefined && !priceForm.test(given)) {
    throw new UsageError(`--price: ${given} is no price (expected e.g. 0.15/0.60)`);
  }
  const [prompt, completion] = given?.split('/').map(Number) ?? [];
  return prompt === undefined || completion === undefined ? null : { prompt, completion };
}

/** One line for people. */
export function describeTraffic(traffic: Traffic): string {
  const { requests, retries, remembered, promptTokens, completionTokens, estimated } = traffic;
  const { cost, firstTextMilliseconds: first } = traffic;
  const many = (count: number, what: string): string => `${count.toLocaleString('en')} ${what}`;
  return [
    `servers        ${many(requests, 'requests')}`,
    ...(retries > 0 ? [many(retries, 'retries')] : []),
    ...(remembered > 0 ? [`${many(remembered, 'answers')} paid for before`] : []),
    `${many(promptTokens, 'tokens')} of prompts, ${many(completionTokens, '')}of answers`,
    ...(estimated > 0 ? [`tokens of ${many(estimated, 'requests')} counted by events`] : []),
    ...(cost === null ? [] : [`cost ${cost.toFixed(4)}`]),
    ...(first ? [`first text after ${first.median.toFixed(0)} ms (p95 ${first.p95.toFixed(0)})`] : []), // prettier-ignore
  ].join(', ');
}

/** Keeps what was asked beside a run, a line for each time that the run was worked on. */
export async function recordTraffic(folder: string, date: Date, traffic: Traffic): Promise<void> {
  const journal = await openJournal(join(folder, 'requests.jsonl'));
  try {
    await journal.append({ date: date.toISOString(), ...traffic });
  } finally {
    await journal.close();
  }
}
