import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownerMark, ownerOf } from '../../src/disk/owner.js';
import { z } from 'zod';
import { openRun, readFinishedRun } from '../../src/record/run.js';
import type { Run } from '../../src/record/run.js';
import type { RunConfiguration } from '../../src/record/manifest.js';
import { correctorExample } from '../experiment/examples.js';

const item = z.strictObject({ problem: z.string(), value: z.number().nullable() });
type Item = z.infer<typeof item>;

const configuration: RunConfiguration = {
  command: 'sweep',
  options: { limit: 200, grid: [-1, 0, 1], mode: 'loop' },
  seeds: { bootstrap: 1 },
  versions: { 'aligner-lab': '0.1.0' },
  device: 'cpu',
  inputs: [{ name: 'corrector', path: '/models/m', sha256: 'ab' }],
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'run-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (change: Partial<RunConfiguration> = {}, name = 'a/b'): Promise<Run<Item>> =>
  openRun<Item>({
    ...configuration,
    ...change,
    folder: join(root, name),
    now: () => new Date(0),
  });

const file = (name: string): string => join(root, 'a/b', name);

describe('openRun', () => {
  it('creates the folder and writes the manifest', async () => {
    const run = await open();
    expect(run.resumed).toBe(false);
    expect(run.records).toEqual([]);
    await run.close();
    expect(JSON.parse(await readFile(file('manifest.json'), 'utf8'))).toEqual({
      ...configuration,
      started: '1970-01-01T00:00:00.000Z',
    });
    expect((await readdir(join(root, 'a/b'))).sort()).toEqual(['manifest.json', 'records.jsonl']);
  });

  it('gives the records back when the same run is opened again, and goes on behind them', async () => {
    const first = await open();
    await Promise.all([
      first.append({ problem: 'p1', value: 1 }),
      first.append({ problem: 'p2', value: null }, { problem: 'ü\n', value: 0.1 }),
    ]);
    await first.close();
    // Keys in another order and a moved input are the same run.
    const second = await open({
      options: { mode: 'loop', grid: [-1, 0, 1], limit: 200, unused: undefined },
      inputs: [{ name: 'corrector', path: '/elsewhere', sha256: 'ab' }],
    });
    expect(second.resumed).toBe(true);
    expect(second.records.map((r) => r.problem)).toEqual(['p1', 'p2', 'ü\n']);
    await second.append({ problem: 'p3', value: 3 });
    await second.close();
    const third = await open();
    expect(third.records).toHaveLength(4);
    await third.close();
  });

  it('drops a line torn by a kill, and only that', async () => {
    const first = await open();
    await first.append({ problem: 'p1', value: 1 });
    await first.close();
    await appendFile(file('records.jsonl'), '{"problem":"p2","val');
    const second = await open();
    expect(second.records).toEqual([{ problem: 'p1', value: 1 }]);
    await second.append({ problem: 'p2', value: 2 });
    await second.close();
    const lines = (await readFile(file('records.jsonl'), 'utf8')).split('\n');
    expect(lines).toEqual(['{"problem":"p1","value":1}', '{"problem":"p2","value":2}', '']);
  });

  it('refuses a damaged line before the end, naming file and line', async () => {
    await (await open()).close();
    await writeFile(file('records.jsonl'), '{"problem":"p1","value":1}\n{oops\n{}\n');
    await expect(open()).rejects.toThrow(/records\.jsonl line 2 is not JSON \(got "\{oops"\)/);
  });

  it.each<[string, Partial<RunConfiguration>, string]>([
    ['options', { options: { ...configuration.options, limit: 100 } }, 'options.limit'],
    ['an option in depth', { options: { ...configuration.options, grid: [0] } }, 'options.grid.0'],
    ['the seed', { seeds: { bootstrap: 2 } }, 'seeds.bootstrap'],
    ['the command', { command: 'scan' }, 'command'],
    ['the device', { device: 'cuda' }, 'device'],
    ['a version', { versions: { 'aligner-lab': '0.2.0' } }, 'versions.aligner-lab'],
    [
      "an input's content",
      { inputs: [{ name: 'corrector', path: '/models/m', sha256: 'cd' }] },
      'inputs.corrector',
    ],
    ['one input less', { inputs: [] }, 'inputs.corrector'],
  ])('refuses another run in the same folder: %s', async (_, change, path) => {
    await (await open()).close();
    await expect(open(change)).rejects.toThrow(`holds another run: ${path} differs`);
  });

  it("refuses a folder of someone else's, but not a half-written manifest", async () => {
    await (await open({}, 'c')).close();
    await rm(join(root, 'c/manifest.json'));
    await expect(open({}, 'c')).rejects.toThrow('holds no run (found records.jsonl)');
    await rm(join(root, 'c/records.jsonl'));
    await writeFile(join(root, 'c/manifest.json.99.tmp'), '{"com');
    const run = await open({}, 'c');
    expect(run.resumed).toBe(false);
    await run.close();
  });

  it('says why a folder cannot be made', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(open({}, 'file')).rejects.toThrow(/run folder: cannot create .*file.* in the way/);
    await expect(open({}, 'file/deep')).rejects.toThrow(/cannot create .* is a file, not a folder/);
  });

  it('refuses NaN instead of writing null, and the journal stays sound', async () => {
    const run = await open();
    expect(() => run.append({ problem: 'p1', value: NaN })).toThrow('value is NaN');
    await run.append({ problem: 'p2', value: 2 });
    await run.close();
    await using again = await open();
    expect(again.records).toEqual([{ problem: 'p2', value: 2 }]);
  });

  it('writes summaries whole, replacing old ones', async () => {
    await using run = await open();
    const path = await run.writeSummary('corrector', correctorExample);
    expect(path).toBe(file('corrector.json'));
    await run.writeSummary('corrector', { ...correctorExample, n: 7 });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...correctorExample, n: 7 });
    const names = await readdir(run.folder);
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('leaves the old summary where a new one cannot be written', async () => {
    await using run = await open();
    await run.writeSummary('corrector', correctorExample);
    const broken = { ...correctorExample, n: Infinity };
    await expect(run.writeSummary('corrector', broken)).rejects.toThrow('n is Infinity');
    const kept = JSON.parse(await readFile(file('corrector.json'), 'utf8')) as { n: number };
    expect(kept.n).toBe(correctorExample.n);
  });
});

describe('a run folder in use', () => {
  it('is refused to a second one until the first is closed, and nothing is doubled', async () => {
    const first = await open();
    await expect(open()).rejects.toThrow(
      new RegExp(
        `is in use by process ${process.pid} \\(aligner-lab \\w+, since .*\\); wait until it ends`,
      ),
    );
    await first.append({ problem: 'p1', value: 1 });
    await first.close();
    await using second = await open();
    expect(second.records).toEqual([{ problem: 'p1', value: 1 }]);
  });

  it('is free again where opening it failed, and loses the drafts of the dead', async () => {
    await (await open()).close();
    const { start, ...here } = ownerOf(ownerMark()) ?? { space: '', pid: 0, start: 0 };
    const drafts = [
      `scan.json.${ownerMark({ ...here, start: start + 1 })}.tmp`,
      'scan.json.99.tmp',
    ];
    for (const name of drafts) await writeFile(file(name), '{"half');
    await expect(open({ seeds: { bootstrap: 9 } })).rejects.toThrow('holds another run');
    await (await open()).close();
    expect((await readdir(join(root, 'a/b'))).sort()).toEqual(['manifest.json', 'records.jsonl']);
  });
});

describe('readFinishedRun', () => {
  const find = (change: Partial<RunConfiguration> = {}): Promise<unknown> =>
    readFinishedRun({
      ...{ ...configuration, ...change },
      ...{ folder: join(root, 'a/b'), kind: 'corrector' },
      summary: z.looseObject({ model: z.string(), n: z.number() }),
      record: item,
    });

  it('finds nothing before the summary is there, and makes no folder', async () => {
    expect(await find()).toBeNull();
    expect(await readdir(root)).toEqual([]);
    const run = await open();
    await run.close();
    expect(await find()).toBeNull();
  });

  it('gives summary and records of a run that came to its end', async () => {
    const run = await open();
    await run.append({ problem: 'p1', value: 1 });
    await run.writeSummary('corrector', correctorExample);
    await run.close();
    await appendFile(file('records.jsonl'), '{"torn');
    const text = await readFile(file('records.jsonl'), 'utf8');
    expect(await find()).toEqual({
      summary: correctorExample,
      records: [{ problem: 'p1', value: 1 }],
    });
    // It is only read.
    expect(await readFile(file('records.jsonl'), 'utf8')).toBe(text);
  });

  it('refuses records and summaries that are none, naming the place', async () => {
    const run = await open();
    await run.writeSummary('corrector', { ...correctorExample, n: '7' });
    await run.close();
    await expect(find()).rejects.toThrow(/corrector\.json does not fit its shape: n is "7" \(/);
    await appendFile(file('records.jsonl'), '{"problem":"p1","value":1}\n{"problem":"p2"}\n');
    await expect(find()).rejects.toThrow(/records\.jsonl line 2 .*value is missing/);
    const reopened = openRun({ ...configuration, folder: join(root, 'a/b'), record: item });
    await expect(reopened).rejects.toThrow(/records\.jsonl line 2 .*value is missing/);
  });

  it('refuses a manifest that is none', async () => {
    const run = await open();
    await run.close();
    await writeFile(file('manifest.json'), JSON.stringify({ ...configuration, started: 7 }));
    await expect(open()).rejects.toThrow(/manifest\.json does not fit its shape: started is 7/);
  });

  it('refuses another run', async () => {
    const run = await open();
    await run.close();
    await expect(find({ seeds: { bootstrap: 2 } })).rejects.toThrow(/holds another run/);
  });
});
