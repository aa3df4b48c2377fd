/** The identity of a model without loading it. */
import { fingerprint } from './fingerprint.js';
import { readGraphFile } from './graphFile.js';

/** What `info.sha256` of the loaded decoder is. @throws as {@link readGraphFile}. */
export async function hashModel(file: string): Promise<string> {
  const { bytes, weights } = await readGraphFile(file);
  return await fingerprint(bytes, weights);
}
