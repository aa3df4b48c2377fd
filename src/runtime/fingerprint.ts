/** What tells one model from another: its graph, and samples of the weights beside it. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** 16 MiB of each file: a training step changes every part, and reading 16 GB takes too long. */
const samples = 256;
const sampleBytes = 64 * 1024;

/**
 * Hexadecimal SHA-256 of the graph; where weights lie in other files, of it and of each of these:
 * its size and 256 pieces of 64 KiB, evenly spaced (all of a file that is shorter).
 *
 * @param weights paths of the files, in a fixed order
 */
export async function fingerprint(graph: Uint8Array, weights: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(graph);
  for (const path of weights) {
    for await (const piece of piecesOf(path)) hash.update(piece);
  }
  return hash.digest('hex');
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path);
  const { size } = await file.stat();
  yield Buffer.from(`${size}\0`);
  const count = Math.min(samples, Math.ceil(size / sampleBytes));
  const last = Math.max(0, size - sampleBytes);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((last * i) / Math.max(1, count - 1));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sampleBytes), 0, sampleBytes, at);
    yield buffer.subarray(0, bytesRead);
  }
}
