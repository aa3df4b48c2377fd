/** A small model in several copies, for work that has many independent batches. */
import { availableParallelism } from 'node:os';
import type { Precision } from '../onnx/precision.js';
import type { LanguageModel } from './decoder.js';
import { loadLanguageModel, type ProxyOptions } from './load.js';
import { modelSize, type ModelFiles } from './modelFiles.js';
import type { PromptSettings } from './tokenizer.js';
import type { RequestedDevice } from './worker/protocol.js';

/** Where and in how many copies models run. */
export interface EngineOptions extends PromptSettings {
  device: RequestedDevice;
  threads?: number | undefined;
  /** Of the machine that a run was begun on, where this one helps: see {@link loadFiles}. */
  cores?: number | undefined;
  copies?: number;
  proxy?: ProxyOptions;
  precision?: Precision;
}

/** Larger models are not worth a second copy. */
const smallModel = 64 * 2 ** 20;
const mostCopies = 8;
/** A copy with full batches in its loop took 1.9 GB. */
const bytesPerCopy = 2 * 2 ** 30;

/**
 * Loads a model that was found before. The last digits depend on its threads: without `threads` a
 * helping machine takes as many as the first one has cores.
 * @throws as {@link loadLanguageModel}.
 */
export async function loadFiles(model: ModelFiles, options: EngineOptions): Promise<LanguageModel> {
  const { device, copies, proxy, precision, date, controlTokens } = options;
  const threads = threadsOf(options);
  // What comes out depends on that, so it follows from the model: a small one may have copies elsewhere.
  const anywhere = !isCopied(model, options);
  const how = { device, threads, copies, anywhere, proxy, precision, date, controlTokens };
  return await loadLanguageModel({ model, ...how });
}

/**
 * As {@link loadFiles}, but a small model on a CPU is loaded once per core, a thread each. `threads`
 * turns that off.
 */
export async function loadFileCopies(
  model: ModelFiles,
  options: EngineOptions,
): Promise<LanguageModel> {
  if (!isCopied(model, options)) return await loadFiles(model, options);
  return await loadFiles(model, { ...options, threads: 1, copies: copiesOf(model, options) });
}

/** Undefined: as the runtime has it. */
export function threadsOf({ threads, cores }: EngineOptions): number | undefined {
  return threads ?? (cores === availableParallelism() ? undefined : cores);
}

/** Whether a model runs in copies of a thread each; it depends on no machine's cores or memory. */
export function isCopied(model: ModelFiles, { device, threads }: EngineOptions): boolean {
  return device === 'cpu' && threads === undefined && modelSize(model.file) <= smallModel;
}

/** Copies that {@link loadFileCopies} makes of a model. */
export function copiesOf(model: ModelFiles, options: EngineOptions): number {
  if (!isCopied(model, options)) return 1;
  return copiesFor(availableParallelism(), process.availableMemory());
}

/** A copy per core, as far as there is memory for them; at least one. */
export function copiesFor(cores: number, memory: number): number {
  return Math.max(1, Math.min(mostCopies, cores, Math.floor(memory / bytesPerCopy)));
}
