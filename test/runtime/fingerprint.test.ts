import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/runtime/fingerprint.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  return path;
}

describe('fingerprint', () => {
  const graph = Buffer.from('graph');
  // Longer than all samples together.
  const weights = new Uint8Array(24 * 2 ** 20).map((_, i) => i % 251);

  it('is the SHA-256 of a graph that holds its weights', async () => {
    const plain = createHash('sha256').update(graph).digest('hex');
    expect(await fingerprint(graph, [])).toBe(plain);
  });

  it('tells apart models that differ in their other files, also at their ends and in size', async () => {
    const changes: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.with(0, 7),
      (bytes) => bytes.with(bytes.length - 1, 7),
      (bytes) => bytes.map((x) => x ^ 1),
      (bytes) => bytes.slice(0, -1),
    ];
    const own = await fingerprint(graph, [file('own', weights)]);
    for (const [i, change] of changes.entries()) {
      const other = await fingerprint(graph, [file(`other-${i}`, change(weights))]);
      expect(other, `change ${i}`).not.toBe(own);
    }
    expect(await fingerprint(graph, [file('copy', weights)])).toBe(own);
  });
});
