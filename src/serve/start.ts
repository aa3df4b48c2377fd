/** A server from what it serves: its parts put together. */
import { createApp } from './app.js';
import { authenticator, RateLimit } from './callers.js';
import { Gate } from './gate.js';
import { listen, type Listening } from './listen.js';
import type { Log } from './log.js';
import { Metrics } from './metrics.js';
import { isLoopback, type RequestLimits } from './requests.js';
import { createService, type ModelRun, type ServiceOptions } from './service.js';
import { resolveStrength, type StrengthRules } from './strength.js';
import { TargetLedger } from './targets.js';
import { reasonOf } from '../text/errorSentence.js';

export interface ServeOptions extends ServiceOptions {
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default 0: any that is free. */
  port?: number;
  /** Keys that are let in. Default: none, and whoever asks is. */
  keys?: readonly string[];
  /** Requests a minute of one caller. Default: as many as they like. */
  ratePerMinute?: number | null;
  /** Answers that are written at once. Default 128. */
  answers?: number;
  /** Requests that may wait for their turn. Default 256. */
  queue?: number;
  requests?: Partial<RequestLimits>;
  /** Default: nothing is logged. */
  log?: Log;
  logContent?: boolean;
  version?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export interface RunningServer {
  url: string;
  /** Counts a log line that could not be written. */
  lineLost(): void;
  /**
   * Refuses what is new, finishes what has begun, and ends. What is not over when the signal aborts is
   * cut off.
   */
  end(signal: AbortSignal): Promise<void>;
}

const defaultRequests: RequestLimits = { body: 2 ** 20, deadline: 600_000, keepAlive: 10_000 };

/** @throws as `createService` does, and where the address cannot be listened on. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const { log = (): void => undefined, keys = [], answers = 128, queue = 256 } = options;
  const now = options.now ?? Date.now;
  const told = options.onRun ? [options.onRun] : [];
  const service = createService({
    ...options,
    onRun: (run: ModelRun) => told.forEach((tell) => tell(run)),
  });
  checkDefaults(service.rules);
  const gate = new Gate({ most: answers, queue, clock: service.clock });
  const targets = new TargetLedger({
    now,
    onDrift: (hour) => log({ level: 'warn', event: 'drift', ...hour }),
  });
  const metrics = new Metrics({ gate, targets, circuits: service.circuits });
  told.push((run) => metrics.run(run));
  let ending = false;
  const app = createApp({
    ...{ service, gate, metrics, targets, log, now },
    ...{ authenticate: authenticator(keys), keyRequired: keys.length > 0 },
    local: isLoopback(host),
    rate: new RateLimit(options.ratePerMinute ?? null, service.clock),
    limits: { ...defaultRequests, ...options.requests },
    logContent: options.logContent ?? false,
    isEnding: () => ending,
    version: options.version ?? '',
  });
  const listening: Listening = await listen({
    ...{ app, gate, host, port },
    connections: 4 * (answers + queue) + 64,
  });
  return {
    url: listening.url,
    lineLost: () => metrics.lineLost(),
    end: async (signal) => {
      ending = true;
      await listening.end(signal);
    },
  };
}

/** @throws where every request that names no strength would be refused. */
function checkDefaults(rules: StrengthRules): void {
  if (!(rules.maxCoefficient >= 0)) {
    throw new Error(`serve: no strength is allowed (expected --max-coefficient from 0, got ${rules.maxCoefficient})`); // prettier-ignore
  }
  try {
    resolveStrength([], rules);
  } catch (error) {
    throw new Error(`serve: requests that name no strength would be refused: ${reasonOf(error)}; give another --coefficient or --target`, { cause: error }); // prettier-ignore
  }
}
