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
  copies?: number;
  proxy?: ProxyOptions;
  precision?: Precision;
}

/** Larger models are not worth a second copy. */
const smallModel = 64 * 2 ** 20;
const mostCopies = 8;
/** A copy with full batches in its loop took 1.9 GB. */
const bytesPerCopy = 2 * 2 ** 30;

/** Loads a model that was found before. @throws as {@link loadLanguageModel}. */
export async function loadFiles(model: ModelFiles, options: EngineOptions): Promise<LanguageModel> {
  const { device, threads, copies, proxy, precision, date, controlTokens } = options;
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
  const copies = copiesOf(model, options);
  return await loadFiles(model, copies === 1 ? options : { ...options, threads: 1, copies });
}

/** Copies that {@link loadFileCopies} makes of a model. */
export function copiesOf(model: ModelFiles, { device, threads }: EngineOptions): number {
  if (device !== 'cpu' || threads !== undefined || modelSize(model.file) > smallModel) return 1;
  return copiesFor(availableParallelism(), process.availableMemory());
}

/** A copy per core, as far as there is memory for them; at least one. */
export function copiesFor(cores: number, memory: number): number {
  return Math.max(1, Math.min(mostCopies, cores, Math.floor(memory / bytesPerCopy)));
}
