/** The models that a server has, and what kind of server it is. */
import type { Client } from './client.js';
import { show } from '../text/show.js';
import { fieldOf } from './field.js';

export interface ServerModels {
  /** Empty where the server does not say. */
  ids: string[];
  /** `vllm`, `llamacpp`, …; null where it does not say. */
  owner: string | null;
}

/** It stands in every record. */
const longestId = 1000;

/** @throws where the server cannot be reached or refuses the key. */
export async function serverModels(client: Client, signal?: AbortSignal): Promise<ServerModels> {
  const answer = await client.json('models', undefined, signal);
  const data = fieldOf(answer, 'data');
  const models: unknown[] = Array.isArray(data) ? data : [];
  const ids = models
    .map((model) => fieldOf(model, 'id'))
    .filter((id) => typeof id === 'string')
    .filter((id) => id !== '' && id.length <= longestId);
  const owner = fieldOf(models[0], 'owned_by');
  return { ids, owner: typeof owner === 'string' ? owner : null };
}

/** The model that an address means. @throws where it names none and the server has several. */
export function chosenModel({ ids }: ServerModels, { address }: Pick<Client, 'address'>): string {
  if (address.model !== null) return address.model;
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) return only;
  const has =
    ids.length === 0 ? 'it does not say which it has' : `it has ${ids.slice(0, 20).join(', ')}`;
  throw new Error(
    show(
      `server: ${address.shown} is given without a model (${has}); name one: ${address.shown}#model`,
    ),
  );
}
