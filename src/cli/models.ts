/** Models as commands load them. */
import { availableParallelism } from 'node:os';
import type { LanguageModel } from '../runtime/decoder.js';
import { loadLanguageModel } from '../runtime/load.js';
import { findModel, modelSize } from '../runtime/modelFiles.js';
import type { RequestedDevice } from '../runtime/protocol.js';
import type { Context } from './command.js';

export interface EngineOptions {
  device: RequestedDevice;
  threads: number | undefined;
  copies?: number;
}

/** Loads a model on the device asked for. @throws as {@link loadLanguageModel}. */
export async function loadModel(
  model: string,
  { device, threads, copies }: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  context.progress.stage(`loading ${model}`);
  const loaded = await loadLanguageModel({
    model,
    device,
    ...(threads !== undefined && { threads }),
    ...(copies !== undefined && { copies }),
  });
  context.progress.clear();
  return loaded;
}

/** Larger models are not worth a second copy. */
const smallModel = 64 * 2 ** 20;
const mostCopies = 8;

/**
 * As {@link loadModel}, but a small model on a CPU is loaded once per core, a thread each: for
 * commands that have many independent batches. `threads` turns that off.
 */
export async function loadCopies(
  model: string,
  options: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  const copies =
    options.device === 'cpu' && options.threads === undefined && isSmall(model)
      ? Math.min(mostCopies, availableParallelism())
      : 1;
  if (copies === 1) return await loadModel(model, options, context);
  return await loadModel(model, { ...options, threads: 1, copies }, context);
}

function isSmall(model: string): boolean {
  return modelSize(findModel(model).file) <= smallModel;
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
