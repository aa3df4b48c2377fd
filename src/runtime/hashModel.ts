/** The identity of a model without loading it. */
import { fingerprint } from './fingerprint.js';
import { readGraphFile } from './graphFile.js';
import type { Identity } from './identity.js';
import type { ModelFiles } from './modelFiles.js';

/** What `info.sha256` of the loaded decoder is. @throws as {@link readGraphFile}. */
export async function hashModel(file: string): Promise<string> {
  const { bytes, weights } = await readGraphFile(file);
  return await fingerprint(bytes, weights);
}

/** What the `identity` of the loaded model is, its device aside. @throws as {@link hashModel}. */
export async function fileIdentity({ name, file, source }: ModelFiles): Promise<Identity> {
  return { kind: 'model', name, sha256: await hashModel(file), source };
}
