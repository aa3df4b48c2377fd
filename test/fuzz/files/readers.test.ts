/** Thousands of damaged files of every kind: each is read, or refused in one sentence with its name. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../runtime/models.js';
import { startWatchdog } from '../watchdog.js';
import { makeFileCase } from './cases.js';
import { readers } from './readers.js';
import { Cases } from './run.js';

const cases = 150;
const folder = temporaryFolder();
const watchdog = startWatchdog(60);
afterAll(async () => {
  await watchdog.stop();
  folder.remove();
});

it('a case is the same bytes, whatever ran before', () => {
  const specimens = readers.flatMap((reader) => reader.specimens);
  const some = Array.from({ length: 40 }, (_, i) => i);
  const make = (seed: string): Buffer[] =>
    some.map((i) => Buffer.from(makeFileCase(seed, i, specimens).bytes));
  const first = make('same');
  for (let n = 0; n < 10; n++) make(`other ${n}`);
  expect(make('same').map((bytes, i) => first[i]?.equals(bytes))).toEqual(some.map(() => true));
});

describe.each(readers.map((reader) => [reader.name, reader] as const))('%s', (name, reader) => {
  const open = (part: string): Cases =>
    new Cases(reader, { seed: 'suite', folder: join(folder.path, `${name} ${part}`) });

  it('is read where it is sound', async () => {
    const sound = open('sound');
    for (const { file, bytes } of reader.specimens) {
      expect(await sound.judge(file, bytes)).toEqual({ outcome: 'read' });
    }
  });

  it(`is read or refused where it is damaged, ${cases} times`, { timeout: 120_000 }, async () => {
    const damaged = open('damaged');
    const faults: string[] = [];
    for (let i = 0; i < cases; i++) {
      watchdog.beat(i);
      const verdict = await damaged.run(i);
      if (verdict.outcome === 'fault') faults.push(`suite/${i}: ${verdict.reason}`);
    }
    expect(faults.slice(0, 5)).toEqual([]);
  });
});
