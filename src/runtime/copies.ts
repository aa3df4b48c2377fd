/** A small model in several copies, for work that has many independent batches. */
import { availableParallelism } from 'node:os';
import type { Precision } from '../onnx/precision.js';
import type { Decoder, LanguageModel } from './decoder.js';
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
  const how = { device, threads, copies, proxy, precision, date, controlTokens };
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
  if (!isCopied(model, options)) return withCaches(await loadFiles(model, options));
  return await loadFiles(model, { ...options, threads: 1, copies: copiesOf(model, options) });
}

/**
 * There is one of it, so any caller may keep keys and values. What comes out then depends on the model
 * and its device alone: a small one has copies, or is treated as if it had.
 */
function withCaches(model: LanguageModel): LanguageModel {
  const { decoder } = model;
  // A GPU's would move to the host and back in every call.
  if (decoder.info.device !== 'cpu') return model;
  const keeping: Decoder = {
    info: decoder.info,
    anywhere: 'here',
    forward: (request) => decoder.forward(request),
    generate: (request) => decoder.generate(request),
    openCache: () => decoder.openCache(),
    closeCache: (cache) => decoder.closeCache(cache),
    [Symbol.asyncDispose]: () => decoder[Symbol.asyncDispose](),
  };
  return { ...model, decoder: keeping };
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
