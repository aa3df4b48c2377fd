/** `aligner-lab serve`: a corrector in front of an upstream, for whoever speaks OpenAI's API. */
import { readFileSync } from 'node:fs';
import { embedded } from '../../data/artifacts.js';
import {
  directionOption,
  mostRounds,
  named,
  openedNames,
} from '../../experiment/shared/options.js';
import type { Lab } from '../../experiment/shared/lab.js';
import { samplingOptions } from '../../experiment/shared/sampling.js';
import { installedVersions } from '../../record/versions.js';
import { jsonLog } from '../../serve/log.js';
import { openKnobs } from '../../serve/openKnobs.js';
import { isLoopback } from '../../serve/requests.js';
import { startServer, type RunningServer, type ServeOptions } from '../../serve/start.js';
import { keysIn } from '../../serve/callers.js';
import {
  choice,
  flag,
  integer,
  layerList,
  number,
  text,
  type OptionValues,
} from '../../shape/options.js';
import { reasonOf } from '../../text/errorSentence.js';
import { UsageError } from '../../text/usageError.js';
import { defineCommand, type Context } from '../command.js';
import { common, engine } from '../common.js';
import { labOf } from '../lab.js';
import { describeTraffic, meterOf, servers, type Servers } from '../servers.js';
import { loadTokenizer } from '../../runtime/tokenizer.js';

const strength = {
  direction: directionOption("the corrector's own; several between commas"),
  layers: layerList({ help: 'steered where a request names none, e.g. 4-6 (default: as saved)' }),
  scale: number({
    value: 'x',
    help: 'norm that coefficient 1 adds, in mean residual norms (default: as saved, else 1)',
  }),
  coefficient: number({
    value: 'c',
    help: 'strength of requests that name none: above 0 towards correcting (default: 0, unsteered)',
  }),
  target: number({
    value: 'x',
    help: 'or the edit ratio that their answers should have, e.g. 0.2',
  }),
  maxCoefficient: number({ value: 'c', help: 'largest strength, up or down, that a request may name', default: 1 }), // prettier-ignore
  calibration: text({
    value: 'file',
    help: 'of the first direction, as calibrate wrote it (default: calibration.json beside each)',
  }),
  allowOff: flag('requests may switch the corrector off; else nothing unchecked is ever sent'),
} as const;

const answers = {
  modelName: text({ value: 'name', help: "what clients call the model (default: the upstream's name)" }), // prettier-ignore
  question: choice(['conversation', 'last'], {
    help: 'what the corrector reads of a conversation: all of it as one text, or the last question',
    default: 'conversation',
  }),
  onFailure: choice(['refuse', 'pass'], {
    help: 'where the corrector fails: end the answer, or let the sentence through and say so',
    default: 'refuse',
  }),
  audit: choice(['full', 'numbers', 'none'], {
    help: 'the most that answers tell of their rounds: with the texts y1 and y2, without, nothing',
    default: 'full',
  }),
  tools: choice(['refuse', 'ignore'], {
    help: 'of requests that offer tools: answer with an error, or in text alone, calling none',
    default: 'refuse',
  }),
  rounds: integer({ ...mostRounds, value: 'n', help: 'most rounds of an answer', default: 64 }),
  maxTokens: integer({ value: 'n', help: 'most tokens of an answer, whatever a request asks for' }),
} as const;

const running = {
  port: integer({ value: 'n', help: 'where it listens; 0: any that is free', default: 8080, least: 0, most: 65_535 }), // prettier-ignore
  host: text({ value: 'address', help: 'on which address', default: '127.0.0.1' }),
  apiKeyFile: text({
    value: 'file',
    help: 'keys that are let in, one a line (or in ALIGNER_LAB_API_KEYS, between commas)',
  }),
  answers: integer({ value: 'n', help: 'answers that are written at once', default: 128 }),
  queue: integer({ value: 'n', help: 'requests that may wait; more get 429', default: 256, least: 0 }), // prettier-ignore
  rate: integer({ value: 'n', help: 'requests a minute of one key, or one address without keys' }),
  maxBody: integer({ value: 'bytes', help: 'largest request', default: 2 ** 20 }),
  answerDeadline: number({ value: 'seconds', help: 'from a request to the end of its answer', default: 600 }), // prettier-ignore
  keepAlive: number({ value: 'seconds', help: 'of silence, after which a comment is sent', default: 10 }), // prettier-ignore
  drain: number({ value: 'seconds', help: 'that answers have to finish when the server is to end', default: 60 }), // prettier-ignore
  logContent: flag('logs say what was asked and answered, too'),
} as const;

const { template, deadline, answerTokens, correctionTokens, budget, price } = servers;
export const serveOptions = {
  upstream: text({ value: 'name', help: `who writes: ${openedNames}`, default: embedded.upstream }),
  model: text({ ...named, value: 'name', help: 'the corrector, named likewise', default: embedded.corrector }), // prettier-ignore
  ...strength,
  ...answers,
  ...running,
  ...{ template, deadline, answerTokens, correctionTokens, budget, price },
  ...samplingOptions,
  ...engine,
  ...common,
} as const;
type Options = OptionValues<typeof serveOptions>;

export const serve = defineCommand({
  description: `Stands in front of an upstream and speaks OpenAI's API: clients change their address, and nothing
else. Every answer leaves sentence by sentence, each when the corrector has copied or rewritten it;
nothing unchecked is sent. POST /v1/chat/completions (streamed or not) and GET /v1/models are
OpenAI's; /healthz, /readyz and /metrics are for whoever runs it.

How strongly is corrected is a request's own: {"aligner": {"coefficient": 0.5}} in its body, the
header X-Aligner-Coefficient: 0.5, or 0.5 behind the model's name (upstream-arithmetic@0.5). Once
aligner-lab calibrate has measured the curve, "target": 0.2 asks for an edit ratio instead. What was
done stands in the answer under "aligner", round by round, and in its X-Aligner headers.

Notes are on stderr; logs, one JSON object a line and without content, on stdout. Ctrl-C or SIGTERM
lets answers finish; a second one ends the process. docs/serve.md has the rest.`,
  options: serveOptions,
  examples: [
    ['aligner-lab serve', 'the embedded pair on http://127.0.0.1:8080/v1'],
    [
      'aligner-lab serve --upstream http://localhost:8000/v1#my-model --corrector org/name',
      'a corrector in front of a server',
    ],
    [
      'aligner-lab serve --direction runs/sweep-1a2b3c4d --coefficient 0.5 --host 0.0.0.0 --api-key-file keys.txt',
      'pushed towards correcting, for others, with keys',
    ],
    [
      `curl -N localhost:8080/v1/chat/completions -H 'Content-Type: application/json' -d '{"model": "upstream-arithmetic@0.5", "stream": true, "messages": [{"role": "user", "content": "Mia has 4 bags of 7 nuts. How many nuts does Mia have?"}]}'`,
      'ask it',
    ],
  ],
  run: async ({ options: given, context }) => await serveUntilEnded({ given, context }),
});

/**
 * @param how.onReady told the address once requests are taken
 * @param how.logs whether requests are logged; default: yes
 */
export async function serveUntilEnded(how: {
  given: Options;
  context: Context;
  onReady?: (url: string) => void;
  logs?: boolean;
}): Promise<void> {
  const { given, context, onReady, logs = true } = how;
  const keys = readKeys(given, context);
  const asked = proxiedServers(given, context);
  const lab = labOf(given, context, { servers: asked });
  await using upstream = await lab.upstream(given.upstream, { beside: true });
  await using corrector = await lab.corrector(given.model, { beside: true });
  const knobs = await openKnobs({
    ...{ corrector, upstream: upstream.identity.sha256, layers: given.layers },
    ...{ scale: given.scale, warn: lab.warn, note: lab.note },
    ...(given.direction !== undefined && { directions: given.direction.split(',').map(lab.path) }), // prettier-ignore
    ...(given.calibration !== undefined && { calibration: lab.path(given.calibration) }),
  });
  const { signal, io } = context;
  const write = (line: string): void => (logs ? context.show(line) : undefined);
  const log = jsonLog(write, io.now ?? ((): Date => new Date()));
  const server = await startServer({
    ...settings(given),
    ...{ upstream, corrector, keys, log, name: given.modelName },
    rules: {
      ...{ knobs, maxCoefficient: given.maxCoefficient, allowOff: given.allowOff },
      defaults: defaultStrength(given),
    },
    version: installedVersions()['aligner-lab'] ?? 'unknown',
  });
  io.outlive?.(withoutLogs(lab, server));
  context.warn(`serving ${given.modelName ?? upstream.name}, corrected by ${corrector.name}, on ${server.url}/v1`); // prettier-ignore
  if (keys.length === 0 && !isLoopback(given.host)) {
    lab.warn(`whoever reaches ${given.host} may ask; give --api-key-file`);
  }
  onReady?.(server.url);
  await aborted(signal);
  context.warn(`finishing answers, ${given.drain} s at most`);
  await server.end(AbortSignal.timeout(given.drain * 1000));
  const traffic = asked.traffic();
  if (traffic) context.warn(describeTraffic(traffic));
  context.result({ url: server.url, traffic });
}

/** Answers matter more than what is said of them. It is told once a minute at most. */
function withoutLogs({ warn }: Lab, server: RunningServer): (error: Error) => void {
  let quietUntil = -Infinity;
  return (error) => {
    server.lineLost();
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + 60_000;
    // What follows is advice to run again.
    const [what] = error.message.split(';');
    warn(`${what}; answers go on, log lines are lost until there is room`);
  };
}

function settings(given: Options): Omit<ServeOptions, 'upstream' | 'corrector' | 'rules'> {
  const { host, port, question, onFailure, audit, tools, answers, queue, logContent } = given;
  return {
    ...{ host, port, question, onFailure, audit, tools, answers, queue, logContent },
    ratePerMinute: given.rate ?? null,
    draws: (given.temperature ?? 0) > 0,
    limits: { maxRounds: given.rounds, maxTokens: given.maxTokens ?? null },
    requests: {
      body: given.maxBody,
      deadline: given.answerDeadline * 1000,
      keepAlive: given.keepAlive * 1000,
    },
  };
}

function defaultStrength({ coefficient, target }: Options): {
  coefficient?: number;
  target?: number;
} {
  // prettier-ignore
  if (coefficient !== undefined && target !== undefined) {
    throw new UsageError('serve: --coefficient and --target exclude each other; give one');
  }
  return { ...(coefficient !== undefined && { coefficient }), ...(target !== undefined && { target }) }; // prettier-ignore
}

/** @throws UsageError where the file cannot be read or holds no key, or a key fits in no header. */
function readKeys({ apiKeyFile }: Options, { io, path }: Context): string[] {
  const inherited = keysIn(io.env.ALIGNER_LAB_API_KEYS ?? '');
  checkKeys(inherited, 'ALIGNER_LAB_API_KEYS');
  if (apiKeyFile === undefined) return inherited;
  let keys: string[];
  try {
    keys = keysIn(readFileSync(path(apiKeyFile), 'utf8'));
  } catch (error) {
    throw new UsageError(`--api-key-file: cannot read ${apiKeyFile}: ${reasonOf(error)}`);
  }
  if (keys.length === 0) throw new UsageError(`--api-key-file: ${apiKeyFile} holds no key`);
  checkKeys(keys, `--api-key-file: ${apiKeyFile}`);
  return [...keys, ...inherited];
}

function checkKeys(keys: readonly string[], where: string): void {
  const strange = keys.findIndex((key) => !/^[\x21-\x7e]+$/.test(key));
  if (strange < 0) return;
  throw new UsageError(
    `${where}: key ${strange + 1} holds what no header can carry (expected visible ASCII)`,
  );
}

/** Requests of clients: few are tried again, since somebody waits, and none is kept. */
function proxiedServers(given: Options, { io, path }: Context): Servers {
  const meter = meterOf(given);
  return {
    async options(role) {
      const maxTokens = role === 'upstream' ? given.answerTokens : given.correctionTokens;
      return {
        ...{ meter, env: io.env, remember: false },
        // Every answer may hold one request that it reads and one that it has just left.
        concurrency: 2 * given.answers,
        retries: { most: 2, pause: 250, longestPause: 5_000 },
        deadlines: { firstText: given.deadline * 1000 },
        ...(maxTokens !== undefined && { maxTokens }),
        ...(given.template !== undefined && { template: await loadTokenizer(path(given.template)) }), // prettier-ignore
      };
    },
    traffic() {
      const traffic = meter.traffic();
      return traffic.requests > 0 ? traffic : null;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // A socket alone keeps the process alive, and so does this.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => (clearInterval(alive), resolve()), { once: true });
  });
}
