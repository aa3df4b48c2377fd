/** Thousands of damaged models: each is refused in our own words, or edited into a sound graph. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../runtime/models.js';
import { makeCase } from './cases.js';
import { externalFiles, specimens } from './corpus.js';
import { judge } from './judge.js';
import { startWatchdog } from './watchdog.js';

const cases = 2000;
const folder = temporaryFolder();
const corpus = specimens();
const watchdog = startWatchdog(60);
const file = join(folder.path, 'model.onnx');

beforeAll(() => {
  for (const [name, bytes] of externalFiles()) writeFileSync(join(folder.path, name), bytes);
  mkdirSync(join(folder.path, 'folder'));
});
afterAll(async () => {
  await watchdog.stop();
  folder.remove();
});

describe('damaged models', () => {
  it.each(corpus)('begin with one that is sound: $name', async ({ bytes }) => {
    writeFileSync(file, bytes);
    expect(await judge(file)).toMatchObject({ outcome: 'decoder' });
  });

  it(`are refused or edited, ${cases} of them`, { timeout: 120_000 }, async () => {
    const counts = { refused: 0, decoder: 0 };
    const faults: string[] = [];
    for (let i = 0; i < cases; i++) {
      watchdog.beat(i);
      const { name, bytes } = makeCase('suite', i, corpus);
      writeFileSync(file, bytes);
      const verdict = await judge(file);
      if (verdict.outcome === 'fault') faults.push(`${name}: ${verdict.reason}`);
      else counts[verdict.outcome]++;
    }
    expect(faults).toEqual([]);
    // Both ways are taken: mutations are neither all fatal nor all harmless.
    expect(Math.min(counts.refused, counts.decoder)).toBeGreaterThan(cases / 10);
  });
});
