/**
 * A process that decodes parquet, as seen from outside: it is ended where an answer takes too long, and
 * ends by itself where it takes too much memory. A damaged count can make a loop of the library's
 * endless, or grow a list until V8 ends the process, which it does from within a thread as well.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `open` is the path of another file, null for more of the one before. */
export interface Request {
  open: string | null;
}

/** Rows, and the number of the first one in the file, from 1. */
export interface Batch {
  first: number;
  rows: unknown[];
}

export type Reply = Batch | { done: true } | { error: string };

export interface DecodingLimits {
  /** For one answer, while this process has the processor. */
  seconds: number;
  /** MiB of the heap; buffers may take 2 GiB beside it. */
  memory: number;
}

/** The exit code where the library could not go on; 70 is `EX_SOFTWARE`. */
export const libraryFailed = 70;

const buffers = 2048;
const tick = 50;

/** Starting one takes 0.1 s: one that did not need much memory is kept. */
const keptMemory = 1024;
let idle: ParquetProcess | null = null;

/** A process of these limits. */
export function takeProcess(limits: DecodingLimits): ParquetProcess {
  const kept = idle;
  idle = null;
  if (kept?.limits.memory === limits.memory && !kept.ended) return kept.within(limits);
  kept?.end();
  return new ParquetProcess(limits);
}

/** It has no more to do here. */
export function leaveProcess(decoder: ParquetProcess): void {
  if (decoder.ended) return;
  if (idle || decoder.limits.memory > keptMemory) return decoder.end();
  idle = decoder;
}

export class ParquetProcess {
  limits: DecodingLimits;
  ended = false;
  readonly #child: ChildProcess;
  #settle: ((reply: Reply | Error) => void) | null = null;

  constructor(limits: DecodingLimits) {
    this.limits = limits;
    const { memory } = limits;
    this.#child = fork(childFile(), [String(memory + buffers)], {
      execArgv: [`--max-old-space-size=${memory}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (reply) => this.#settle?.(reply as Reply));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => this.#fail(endOf(code, signal, this.limits)));
    this.#keepAlive(false);
  }

  within(limits: DecodingLimits): this {
    this.limits = limits;
    return this;
  }

  /** @throws where it takes too long or too much memory, without the file's name */
  async ask(request: Request): Promise<Reply> {
    if (this.ended) throw new Error('the process that decodes it ended; read it again');
    this.#keepAlive(true);
    const watch = this.#watch();
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.#settle = (reply) => (reply instanceof Error ? reject(reply) : resolve(reply));
        this.#child.send(request, (error) => error && this.#fail(error));
      });
    } finally {
      clearInterval(watch);
      this.#settle = null;
      this.#keepAlive(false);
    }
  }

  end(): void {
    this.ended = true;
    this.#child.kill('SIGKILL');
  }

  /** Whether this process waits for it to end. */
  #keepAlive(yes: boolean): void {
    if (yes) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  /** Ticks are counted, not the clock: this process or the machine may stand still meanwhile. */
  #watch(): NodeJS.Timeout {
    const { seconds } = this.limits;
    let ticks = 0;
    return setInterval(() => {
      if (++ticks * tick > seconds * 1000) this.#fail(exceeds(`longer than ${seconds} s`));
    }, tick);
  }

  #fail(error: Error): void {
    if (!this.ended) this.end();
    this.#settle?.(error);
  }
}

/** V8 aborts where its heap is full; the watching thread and the system kill. */
function endOf(code: number | null, signal: string | null, { memory }: DecodingLimits): Error {
  if (code === 134 || ['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGKILL'].includes(signal ?? '')) {
    return exceeds(`more memory than ${memory} MiB`);
  }
  if (code === libraryFailed) return new Error('it is damaged, or parquet of a kind that is not known; fetch it again'); // prettier-ignore
  return new Error(`the process that decodes it ended (${signal ?? `exit code ${code}`}); read it again`); // prettier-ignore
}

function exceeds(what: string): Error {
  return new Error(`reading takes ${what}: it is damaged, or its row groups are too large; fetch it again, or write it with smaller ones`); // prettier-ignore
}

/** From the sources the built one, since Node 20 cannot run TypeScript. */
function childFile(): string {
  const source = import.meta.url.endsWith('.ts');
  const file = source ? '../../../dist/data/files/parquetChild.js' : './parquetChild.js';
  return fileURLToPath(new URL(file, import.meta.url));
}
