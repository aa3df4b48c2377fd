/** The decoder as seen from outside its worker thread. */
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type {
  CachePlace,
  Decoder,
  DecoderInfo,
  ForwardRequest,
  ForwardRow,
  GenerateRequest,
  GenerateResult,
  PrefixCache,
} from '../decoder.js';
import { forgetNative, watchNative } from './native.js';
import type { Call, Calls, Cancel, Reply, WorkerOptions } from './protocol.js';
import { reasonOf } from '../../text/errorSentence.js';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  /** Called once there is a reply. */
  settled: () => void;
}

/** A decoder whose sessions live in a worker thread of its own. */
export class RemoteDecoder implements Decoder {
  readonly info: DecoderInfo;
  readonly anywhere: CachePlace | undefined;
  readonly #thread: WorkerThread;
  #nextCache = 1;

  private constructor(thread: WorkerThread, info: DecoderInfo, anywhere: boolean) {
    this.#thread = thread;
    this.info = info;
    this.anywhere = anywhere && info.device === 'cpu' ? 'here' : undefined;
  }

  /** @param how.anywhere whether any caller may keep keys and values in it, on a CPU */
  static async load(
    options: WorkerOptions,
    { anywhere = false }: { anywhere?: boolean } = {},
  ): Promise<RemoteDecoder> {
    // The worker's own environment is a copy that CUDA does not see. float32 is to be computed in
    // float32, not in TF32, unless someone asked for that.
    if (options.device !== 'cpu') process.env.NVIDIA_TF32_OVERRIDE ??= '0';
    const thread = new WorkerThread();
    try {
      return new RemoteDecoder(thread, await thread.ask('load', options), anywhere);
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
  /** Why nothing more can be asked. */
  #refusal: Error | undefined;
  #stopped: Promise<void> | undefined;

  constructor() {
    const state = watchNative();
    // Nothing of the parent's flags: a test runner's loaders have no business in the worker.
    this.#worker = new Worker(workerFile(), { execArgv: [], workerData: state });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => {
      const text = reasonOf(error);
      this.#end(new Error(`decoder: its worker crashed (${text})`, { cause: error }));
    });
    this.#worker.on('exit', (code) => {
      forgetNative(state);
      this.#end(new Error(`decoder: its worker ended (exit code ${code}); load the model again`));
    });
    // A decoder that is idle does not keep the process alive.
    this.#worker.unref();
  }

  get ended(): boolean {
    return this.#refusal !== undefined;
  }

  ask<C extends Call>(
    call: C,
    request: Calls[C]['request'],
    signal?: AbortSignal,
  ): Promise<Calls[C]['reply']> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    if (signal?.aborted) return Promise.reject(abortError(signal));
    return this.#send(call, request, signal);
  }

  /** Waits for the run in progress; what comes after it is given up. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#refusal) return;
    this.#refusal = new Error('decoder: it was disposed; load the model again');
    for (const id of this.#pending.keys()) this.#cancel(id);
    // Sessions are released in their own thread, after all that was asked before.
    await this.#send('release', null).catch(() => null);
    // Kept alive until it is gone: the caller waits for that.
    this.#worker.ref();
    await this.#worker.terminate();
  }

  #send<C extends Call>(
    call: C,
    request: Calls[C]['request'],
    signal?: AbortSignal,
  ): Promise<Calls[C]['reply']> {
    const id = this.#nextId++;
    return new Promise<Calls[C]['reply']>((resolve, reject) => {
      const abort = (): void => {
        this.#cancel(id);
        if (signal) reject(abortError(signal));
      };
      // A sweep has dozens of requests waiting behind one signal.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', abort, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', abort);
      // First, since it throws where the request is no plain data.
      this.#worker.postMessage({ id, call, request });
      this.#pending.set(id, { resolve, reject, settled });
      this.#worker.ref();
    });
  }

  /** Its reply is awaited all the same: until then the worker may be in the middle of a run. */
  #cancel(id: number): void {
    this.#worker.postMessage({ cancel: id } satisfies Cancel);
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (!pending) return;
    pending.settled();
    if ('value' in reply) pending.resolve(reply.value as never);
    else pending.reject('error' in reply ? toError(reply.error) : this.#cancellation());
  }

  #cancellation(): Error {
    return this.#refusal ?? new Error('decoder: the request was cancelled');
  }

  /** The worker is gone. */
  #end(error: Error): void {
    this.#refusal ??= error;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settled, reject } of waiting) {
      settled();
      reject(this.#refusal);
    }
  }
}

function toError({ name, message }: { name: string; message: string }): Error {
  return Object.assign(new Error(message), { name });
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
