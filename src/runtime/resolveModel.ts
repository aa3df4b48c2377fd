/** From a model's name to its files, the Hugging Face hub included. */
import { existsSync } from 'node:fs';
import { isAdapter, withAdapter } from './adapterFiles.js';
import { parseHubName } from './hub/name.js';
import type { HubOptions } from './hub/settings.js';
import { findModel, localPlaces } from './modelFiles.js';
import type { ModelFiles } from './modelFiles.js';

/**
 * Finds a model. What exists under the name on this machine comes first, as in {@link findModel};
 * otherwise `org/name[@revision][:variant]` is taken from the hub: what is not in the cache yet is
 * downloaded. No other name asks the network. `model+adapter` is a model with a LoRA adapter on it,
 * see {@link withAdapter}.
 *
 * @throws as {@link findModel}; where the hub has no such model, revision or variant, refuses it,
 * or cannot be reached; where the cache cannot be written
 */
export async function resolveModel(model: string, hub: HubOptions = {}): Promise<ModelFiles> {
  const joined = splitAdapter(model);
  if (joined) return withAdapter(await resolveModel(joined.model, hub), joined.adapter);
  const name = parseHubName(model);
  if (name === null || localPlaces(model).some((path) => existsSync(path))) return findModel(model);
  const { hubModel } = await import('./hub/fetch.js');
  return await hubModel(name, hub);
}

/** `model+adapter`, unless a file or folder is called so, or a revision may be. */
function splitAdapter(name: string): { model: string; adapter: string } | null {
  const at = name.lastIndexOf('+');
  if (at <= 0 || localPlaces(name).some((path) => existsSync(path))) return null;
  const parts = { model: name.slice(0, at), adapter: name.slice(at + 1) };
  return isAdapter(parts.adapter) || parseHubName(name) === null ? parts : null;
}
