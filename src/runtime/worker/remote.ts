/** The decoder as seen from outside its worker thread. */
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type {
  Decoder,
  DecoderInfo,
  ForwardRequest,
  ForwardRow,
  GenerateRequest,
  GenerateResult,
  PrefixCache,
} from '../decoder.js';
import type { Call, Calls, Cancel, Reply, WorkerOptions } from './protocol.js';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
}

/** A decoder whose sessions live in a worker thread of its own. */
export class RemoteDecoder implements Decoder {
  readonly info: DecoderInfo;
  readonly #thread: WorkerThread;
  #nextCache = 1;

  private constructor(thread: WorkerThread, info: DecoderInfo) {
    this.#thread = thread;
    this.info = info;
  }

  static async load(options: WorkerOptions): Promise<RemoteDecoder> {
    // The worker's own environment is a copy that CUDA does not see. float32 is to be computed in
    // float32, not in TF32, unless someone asked for that.
    if (options.device !== 'cpu') process.env.NVIDIA_TF32_OVERRIDE ??= '0';
    const thread = new WorkerThread();
    try {
      return new RemoteDecoder(thread, await thread.ask('load', options));
    } catch (error) {
      await thread.stop();
      throw error;
    }
  }

  forward(request: ForwardRequest): Promise<ForwardRow[]> {
    return this.#thread.ask('forward', request);
  }

  generate({ signal, ...request }: GenerateRequest): Promise<GenerateResult> {
    return this.#thread.ask('generate', request, signal);
  }

  openCache(): PrefixCache {
    return { id: this.#nextCache++ };
  }

  async closeCache(cache: PrefixCache): Promise<void> {
    // A disposed decoder has taken its caches along.
    if (!this.#thread.ended) await this.#thread.ask('closeCache', cache.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.stop();
  }
}

/** One worker and the requests it has not answered. */
class WorkerThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #ended: Error | undefined;

  constructor() {
    // Nothing of the parent's flags: a test runner's loaders have no business in the worker.
    this.#worker = new Worker(workerFile(), { execArgv: [] });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#end(new Error(`decoder: its worker crashed (${text})`, { cause: error }));
    });
    this.#worker.on('exit', (code) => {
      this.#end(new Error(`decoder: its worker ended (exit code ${code}); load the model again`));
    });
    // A decoder that is idle does not keep the process alive.
    this.#worker.unref();
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  ask<C extends Call>(
    call: C,
    request: Calls[C]['request'],
    signal?: AbortSignal,
  ): Promise<Calls[C]['reply']> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(abortError(signal));
    const id = this.#nextId++;
    return new Promise<Calls[C]['reply']>((resolve, reject) => {
      const abort = (): void => {
        this.#forget(id);
        this.#worker.postMessage({ cancel: id } satisfies Cancel);
        if (signal) reject(abortError(signal));
      };
      const settled = (): void => signal?.removeEventListener('abort', abort);
      // A sweep has dozens of requests waiting behind one signal.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', abort, { once: true });
      this.#pending.set(id, {
        resolve: (value) => {
          settled();
          resolve(value);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#worker.ref();
      this.#worker.postMessage({ id, call, request });
    });
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const waiting = this.#pending.size > 0;
    // Sessions are released in their own thread; a run in progress is not waited for.
    const released = waiting ? undefined : this.ask('release', null).catch(() => null);
    await released;
    this.#end(new Error('decoder: it was disposed; load the model again'));
    // Kept alive until it is gone: the caller waits for that.
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#forget(reply.id);
    if (!pending) return;
    if ('value' in reply) pending.resolve(reply.value as never);
    else {
      const error = new Error(reply.error.message);
      error.name = reply.error.name;
      pending.reject(error);
    }
  }

  #forget(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) pending.reject(this.#ended);
  }
}

/**
 * Node 20 cannot start a thread from TypeScript. From the built package the worker lies beside
 * this file; when the sources run themselves (under the test runner, which has built `dist/`
 * first), it is the built one.
 */
function workerFile(): string {
  const source = import.meta.url.endsWith('.ts');
  const file = source ? '../../../dist/runtime/worker/worker.js' : './worker.js';
  return fileURLToPath(new URL(file, import.meta.url));
}

function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('decoder: the request was cancelled');
}
