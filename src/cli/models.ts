/** Models as commands load them. */
import type { LanguageModel } from '../runtime/decoder.js';
import { loadLanguageModel } from '../runtime/load.js';
import type { RequestedDevice } from '../runtime/protocol.js';
import type { Context } from './command.js';

export interface EngineOptions {
  device: RequestedDevice;
  threads: number | undefined;
}

/** Loads a model on the device asked for. @throws as {@link loadLanguageModel}. */
export async function loadModel(
  model: string,
  { device, threads }: EngineOptions,
  context: Context,
): Promise<LanguageModel> {
  context.progress.stage(`loading ${model}`);
  const loaded = await loadLanguageModel({
    model,
    device,
    ...(threads !== undefined && { threads }),
  });
  context.progress.clear();
  return loaded;
}
