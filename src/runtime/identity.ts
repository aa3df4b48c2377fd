/** What tells one model, server, file or function from another: plain JSON, never a key or token. */
import type { Device, LanguageModel } from './decoder.js';
import { hashModel } from './hashModel.js';
import type { ModelFiles } from './modelFiles.js';

/** What a manifest holds, and what the key of a unit of work is made of. */
export interface Identity {
  kind: 'model' | 'server' | 'recorded' | 'function';
  /** Short name for records and figures. */
  name: string;
  /**
   * Hexadecimal SHA-256 of the weights, of the file, or of server, model and probe; of a function:
   * as its maker says, else of its name.
   */
  sha256: string;
  /** Where it comes from: a folder, `org/name@commit`, a file, or the address of a server. */
  source?: string;
  /** Where it runs; absent where that is not known. */
  device?: Device;
}

/** The identity of a loaded model. */
export function modelIdentity({ name, decoder }: LanguageModel): Identity {
  const { source, sha256, device } = decoder.info;
  return { kind: 'model', name, sha256, source, device };
}

/** The identity of a model that was found and is not loaded. @throws as {@link hashModel}. */
export async function fileIdentity({ name, file, source }: ModelFiles): Promise<Identity> {
  return { kind: 'model', name, sha256: await hashModel(file), source };
}
