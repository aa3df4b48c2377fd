/** The identity of a model without loading it. */
import { fingerprint } from './fingerprint.js';
import { adapterPaths, type ModelPart } from './adapterFiles.js';
import { readGraphFile } from './graphFile.js';
import type { Identity } from './identity.js';
import type { ModelFiles } from './modelFiles.js';

/** What `info.sha256` of the loaded decoder is. @throws as {@link readGraphFile}. */
export async function hashModel({ file, adapter }: ModelPart): Promise<string> {
  const { bytes, weights } = await readGraphFile(file);
  const more = adapter === undefined ? [] : adapterPaths(adapter);
  return await fingerprint(bytes, [...weights, ...more]);
}

/** What the `identity` of the loaded model is, its device aside. @throws as {@link hashModel}. */
export async function fileIdentity(model: ModelFiles): Promise<Identity> {
  const { name, source } = model;
  return { kind: 'model', name, sha256: await hashModel(model), source };
}
