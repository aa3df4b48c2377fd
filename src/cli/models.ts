/** Models as commands load them. */
import { availableParallelism } from 'node:os';
import type { LanguageModel } from '../runtime/decoder.js';
import type { DownloadProgress } from '../runtime/hubSettings.js';
import { loadLanguageModel, type ProxyOptions } from '../runtime/load.js';
import { modelSize, type ModelFiles } from '../runtime/modelFiles.js';
import type { RequestedDevice } from '../runtime/protocol.js';
import { resolveModel } from '../runtime/resolveModel.js';
import type { Context } from './command.js';
import { formatBytes, type OnProgress, type Progress } from './progress.js';

export interface EngineOptions {
  device: RequestedDevice;
  threads: number | undefined;
  copies?: number;
  proxy?: ProxyOptions;
}

/**
 * Finds a model, and downloads it from the hub where it is not here yet.
 * @throws as {@link resolveModel}
 */
export async function findOrDownload(model: string, context: Context): Promise<ModelFiles> {
  const { io, progress, signal } = context;
  const onProgress = downloadStages(progress);
  const files = await resolveModel(model, { env: io.env, signal, onProgress });
  progress.clear();
  return files;
}

/** One stage per file, with the bytes of all of them. */
function downloadStages(progress: Progress): (now: DownloadProgress) => void {
  let shown: { file: string; tell: OnProgress } | null = null;
  return ({ file, done, total }) => {
    if (shown?.file !== file) {
      shown = { file, tell: progress.stage(`downloading ${file}`, formatBytes) };
    }
    shown.tell(done, total);
  };
}

/** Loads a model on the device asked for. @throws as {@link loadLanguageModel}. */
export async function loadModel(
  name: string,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  return await loadFiles(await findOrDownload(name, context), options, context);
}

/** As {@link loadModel}, of a model that was found before. */
export async function loadFiles(
  model: ModelFiles,
  { device, threads, copies, proxy }: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  context.progress.stage(`loading ${model.name}`);
  const loaded = await loadLanguageModel({
    model,
    device,
    ...(threads !== undefined && { threads }),
    ...(copies !== undefined && { copies }),
    ...(proxy !== undefined && { proxy }),
  });
  context.progress.clear();
  return loaded;
}

/** Larger models are not worth a second copy. */
const smallModel = 64 * 2 ** 20;
const mostCopies = 8;
/** A copy with full batches in its loop took 1.9 GB. */
const bytesPerCopy = 2 * 2 ** 30;

/**
 * As {@link loadModel}, but a small model on a CPU is loaded once per core, a thread each: for
 * commands that have many independent batches. `threads` turns that off.
 */
export async function loadCopies(
  name: string,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  return await loadFileCopies(await findOrDownload(name, context), options, context);
}

/** As {@link loadCopies}, of a model that was found before. */
export async function loadFileCopies(
  model: ModelFiles,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  const copies = copiesOf(model, options);
  if (copies === 1) return await loadFiles(model, options, context);
  return await loadFiles(model, { ...options, threads: 1, copies }, context);
}

/** Copies that {@link loadFileCopies} makes of a model. */
export function copiesOf(model: ModelFiles, { device, threads }: EngineOptions): number {
  if (device !== 'cpu' || threads !== undefined || !isSmall(model)) return 1;
  return copiesFor(availableParallelism(), process.availableMemory());
}

/** A copy per core, as far as there is memory for them; at least one. */
export function copiesFor(cores: number, memory: number): number {
  return Math.max(1, Math.min(mostCopies, cores, Math.floor(memory / bytesPerCopy)));
}

function isSmall({ file }: ModelFiles): boolean {
  return modelSize(file) <= smallModel;
}

/** Several models by what they are to the command; disposed together. */
export interface Models<N> extends AsyncDisposable {
  readonly by: { readonly [K in keyof N]: LanguageModel };
}

/** Loads models one after the other; those loaded are disposed where a later one fails. */
export async function loadModels<N extends Readonly<Record<string, string | undefined>>>(
  names: N,
  options: EngineOptions,
  context: Context,
): Promise<Models<N>> {
  const loaded: [string, LanguageModel][] = [];
  const dispose = async (): Promise<void> => {
    for (const [, model] of loaded) await model[Symbol.asyncDispose]();
  };
  try {
    for (const [key, name] of Object.entries(names)) {
      if (name !== undefined) loaded.push([key, await loadModel(name, options, context)]);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  // An optional name gives an optional model: the keys are those of the names.
  const by = Object.fromEntries(loaded) as Models<N>['by'];
  return { by, [Symbol.asyncDispose]: dispose };
}
