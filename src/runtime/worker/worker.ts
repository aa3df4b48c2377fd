/**
 * The worker thread's entry: owns the sessions, answers one request after the other.
 *
 * ONNX Runtime's run blocks the thread it is called on; here that is not the one that shows
 * progress and hears Ctrl-C.
 */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Engine } from '../engine/engine.js';
import { openEngine } from '../engine/openEngine.js';
import { useNativeState, type NativeState } from './native.js';
import type { Calls, Cancel, Reply, Request } from './protocol.js';

if (!parentPort) throw new Error('worker: started outside a worker thread; use loadDecoder');
const port = parentPort;
useNativeState(workerData as NativeState);
/** What a cancelled request ends with. */
const cancellation = new Error('decoder: the request was cancelled');
const cancelled = new Set<number>();
let engine: Engine | undefined;
let queue: Promise<void> = Promise.resolve();

port.on('message', (message: Request | Cancel) => {
  if ('cancel' in message) cancelled.add(message.cancel);
  else queue = queue.then(() => answer(message));
});

async function answer(message: Request): Promise<void> {
  const { id } = message;
  try {
    const value = await dispatch(message);
    send({ id, value }, transferable(value));
  } catch (thrown) {
    if (thrown === cancellation) return send({ id, cancelled: true }, []);
    const {
      name,
      message: text,
      stack,
    } = thrown instanceof Error ? thrown : new Error(String(thrown));
    send({ id, error: { name, message: text, stack } }, []);
  } finally {
    cancelled.delete(id);
  }
}

async function dispatch(message: Request): Promise<Calls[keyof Calls]['reply']> {
  const checkpoint = async (): Promise<void> => {
    // Lets messages in that came during the last run.
    await setImmediate();
    if (cancelled.has(message.id)) throw cancellation;
  };
  if (message.call === 'load') {
    const opened = await openEngine(message.request);
    engine = opened.engine;
    return opened.info;
  }
  if (!engine) throw new Error('decoder: no model is loaded');
  if (message.call === 'forward' || message.call === 'generate') await checkpoint();
  if (message.call === 'forward') return engine.forward(message.request, checkpoint);
  if (message.call === 'generate') return engine.generate(message.request, checkpoint);
  if (message.call === 'closeCache') engine.closeCache(message.request);
  else await engine.release();
  return null;
}

function send(reply: Reply, transfer: ArrayBuffer[]): void {
  port.postMessage(reply, transfer);
}

/** Buffers of all readings in a reply: their own, never the caches'. */
function transferable(value: Calls[keyof Calls]['reply']): ArrayBuffer[] {
  const rows = Array.isArray(value) ? value : value && 'rows' in value ? value.rows : [];
  const arrays = rows.flatMap((row) => [
    row.projections,
    row.states,
    ...('logits' in row ? [row.logits] : []),
  ]);
  return arrays.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
