/** Files of rows, as streams: JSON Lines, arrays, gzip, parquet, folders. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createRowCutter, type Placed } from '../../src/data/files/cutter.js';
import { hashData, placeOf } from '../../src/data/files/place.js';
import { parquetRows } from '../../src/data/files/parquet.js';
import { planData } from '../../src/data/files/plan.js';
import { streamRows } from '../../src/data/files/rows.js';
import { createRandom } from '../../src/math/random.js';
import { temporaryFolder } from '../runtime/models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function rowsOf(source: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { row } of streamRows(source)) rows.push(row);
  return rows;
}

const rows = [
  { a: 1, b: 'x\n"]},{[\\' },
  { a: null, b: ' \u2028é😀 ' },
  { a: [1, [2, { c: ']' }]], b: '' },
  { a: {}, b: '\\"' },
];
const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const texts: [string, string][] = [
  ['lines', lines],
  ['lines without a last newline', lines.trimEnd()],
  ['CRLF, empty lines and a byte order mark', `\uFEFF\r\n${lines.replaceAll('\n', '\r\n\r\n')}`],
  ['an array', JSON.stringify(rows)],
  ['a printed array', `\n ${JSON.stringify(rows, null, 3)}\n\n`],
  ['an array behind a mark', `\uFEFF[${rows.map((row) => JSON.stringify(row)).join(' ,\n')}]`],
];

describe('the cutter', () => {
  it.each(texts)('gives the same rows of %s, however the text arrives', (_, text) => {
    const whole = createRowCutter('f');
    const expected = [...whole.push(text), ...whole.finish()];
    expect(expected.map(({ row }) => row)).toEqual(rows);
    const random = createRandom(0);
    for (let trial = 0; trial < 40; trial++) {
      const cutter = createRowCutter('f');
      const got: Placed<unknown>[] = [];
      for (let at = 0; at < text.length;) {
        const size = 1 + random.integer(trial % 2 ? 3 : 40);
        got.push(...cutter.push(text.slice(at, at + size)));
        at += size;
      }
      expect([...got, ...cutter.finish()]).toEqual(expected);
    }
  });

  it('names the line of every item as a person counts it', () => {
    const cutter = createRowCutter('f');
    const text = '\n[{"a":\n1},\n\n  2, "x\\n",\n[3\n]\n]';
    const places = [...cutter.push(text), ...cutter.finish()].map(({ place }) => place);
    expect(places).toEqual(['f:2, item 0', 'f:5, item 1', 'f:5, item 2', 'f:6, item 3']);
  });

  it.each([
    ['[{"a": 1},', /begins like a JSON array but is none \(it ends within item 1\)/],
    ['[{"a": 1},]', /is none \(item 1, line 1: /],
    ['[{"a": 1}{"a": 2}]', /is none \(item 0, line 1: /],
    ['[{"a": 1}] [2]', /there is more behind its end/],
    ['[1]x', /there is more behind its end/],
    ['{"a": 1}\n{"a": ', /f:2: not a line of JSON/],
  ])('refuses %s', (text, message) => {
    const cutter = createRowCutter('f');
    expect(() => [...cutter.push(text), ...cutter.finish()]).toThrow(message);
  });

  it('holds no more than a row of an endless text', () => {
    const cutter = createRowCutter('f');
    const endless = `{"a": "${'x'.repeat(2 ** 20)}`;
    cutter.push(endless);
    expect(() => {
      for (let i = 0; i < 80; i++) cutter.push('x'.repeat(2 ** 20));
    }).toThrow(/f:1: a row is longer than it may be \(expected at most 64 Mi characters\)/);
  });
});

describe('a file', () => {
  it.each(texts)('of %s is read packed and unpacked', async (_, text) => {
    expect(await rowsOf(write('a.json', text))).toEqual(rows);
    expect(await rowsOf(write('a.jsonl.gz', gzipSync(text)))).toEqual(rows);
  });

  it('that is damaged, cut off or in another encoding is refused by name', async () => {
    const packed = gzipSync(lines.repeat(50));
    const bad = write('b.jsonl.gz', packed.subarray(0, packed.length - 20));
    await expect(rowsOf(bad)).rejects.toThrow(
      /b\.jsonl\.gz: cannot be read: it is damaged or cut off \(gzip: .*\); fetch or pack it again/,
    );
    const latin = write('c.jsonl', Buffer.from('{"a": "\u00fc"}', 'latin1'));
    await expect(rowsOf(latin)).rejects.toThrow(/c\.jsonl: not a text in UTF-8; save it as UTF-8/);
    const torn = write('d.jsonl', Buffer.from('{"a": "ü"}').subarray(0, 8));
    await expect(rowsOf(torn)).rejects.toThrow(/d\.jsonl: not a text in UTF-8/);
    await expect(rowsOf(join(folder.path, 'none.jsonl'))).rejects.toThrow(
      /none\.jsonl: cannot be read: no such file or folder; check the path/,
    );
  });

  it('is never held whole: 64 MB of rows take a fraction of it', async () => {
    const row = `${JSON.stringify({ question: 'x'.repeat(1000) })},\n`;
    const array = write('large.json.gz', gzipSync(`[${row.repeat(64_000)}{}]`));
    let [count, most] = [0, 0];
    const before = process.memoryUsage();
    const used = ({ heapUsed, external }: NodeJS.MemoryUsage): number => heapUsed + external;
    for await (const { row: read } of streamRows(array)) {
      if (read !== null && ++count % 4000 === 0) {
        globalThis.gc?.();
        most = Math.max(most, used(process.memoryUsage()) - used(before));
      }
    }
    expect(count).toBe(64_001);
    expect(most).toBeLessThan(160 * 2 ** 20);
  });
});

describe('parquet', () => {
  const place = fileURLToPath(new URL('parquet', import.meta.url));
  // Large numbers as digits, since JSON's numbers are doubles.
  const expected = JSON.parse(
    readFileSync(join(place, 'expected.json'), 'utf8').replaceAll(String(2n ** 60n), `"${2n ** 60n}"`), // prettier-ignore
  ) as Record<string, Record<string, unknown>[]>;

  it.each(Object.keys(expected))('%s holds what Arrow reads', async (name) => {
    const read = (await rowsOf(join(place, `${name}.parquet`))) as Record<string, unknown>[];
    expect(read).toEqual(expected[name]);
  });

  it('names rows by their number', async () => {
    const places: string[] = [];
    const file = join(place, 'gsm8k-snappy.parquet');
    for await (const row of streamRows(file)) places.push(row.place);
    expect(places[0]).toBe(`${file}: row 1`);
    expect(places[6]).toBe(`${file}: row 7`);
  });

  const limits = { seconds: 1, memory: 128 };
  const read = async (file: string, how = limits): Promise<string> => {
    try {
      for await (const { row } of parquetRows(file, how)) if (row === undefined) return 'no row';
      return '';
    } catch (error) {
      return error instanceof Error && error.constructor === Error ? error.message : 'no sentence';
    }
  };

  // Hyparquet writes as many values as a run of levels says, whatever the page has room for: with this
  // seed one of them hangs.
  it('that is damaged is refused by name, and takes no memory and time by what it claims', async () => {
    let [refused, endless] = [0, 0];
    for (const name of Object.keys(expected)) {
      const random = createRandom(`damaged 5 ${name}`);
      const sound = readFileSync(join(place, `${name}.parquet`));
      for (let trial = 0; trial < 60; trial++) {
        const bytes = Buffer.from(sound);
        for (let change = 0; change <= trial % 4; change++) {
          bytes[4 + random.integer(bytes.length - 4)] = random.integer(256);
        }
        const cut = trial % 5 === 0 ? random.integer(bytes.length - 4) + 4 : bytes.length;
        const message = await read(write('damaged.parquet', bytes.subarray(0, cut)));
        if (message === '') continue;
        refused++;
        if (message.includes('reading takes')) endless++;
        expect(message).toMatch(/^\S+damaged\.parquet: cannot be read: .*; /s);
        expect(message.length).toBeLessThan(600);
      }
    }
    expect(refused).toBeGreaterThan(100);
    expect(endless).toBeGreaterThan(0);
  });

  it.each([
    ['time', { seconds: 1, memory: 1000 }, { 'chats-zstd': [398, 199] }, /longer than 1 s/],
    // As a number of seven bits each: 2³⁰.
    [
      'memory',
      { seconds: 25, memory: 64 },
      { 'labelled-plain': [125, 0xfe, 0xff, 0xff, 0xff, 0x07] },
      /more memory than 64 MiB/,
    ],
  ])('whose run lengths have no end is refused within a %s', async (_, how, damage, reason) => {
    const [[name, [at = 0, ...values]] = ['', []]] = Object.entries<number[]>(damage);
    const bytes = readFileSync(join(place, `${name}.parquet`));
    bytes.set(values, at);
    const file = write('endless.parquet', bytes);
    const message = await read(file, how);
    expect(message).toMatch(reason);
    expect(message).toContain(`${file}: cannot be read: reading takes `);
    expect(message).toContain(': it is damaged, or its row groups are too large; ');
    // The next file is read by another process.
    expect(await read(join(place, 'chats-zstd.parquet'))).toBe('');
  });

  it('is read by several at once, and only as far as it is wanted', async () => {
    const names = Object.keys(expected);
    const files = names.map((name) => join(place, `${name}.parquet`));
    expect(await Promise.all(files.map(rowsOf))).toEqual(names.map((name) => expected[name]));
    for (let i = 0; i < 20; i++) {
      for await (const { row } of parquetRows(files[0] ?? '')) {
        expect(row).toEqual(expected[names[0] ?? '']?.[0]);
        break;
      }
    }
  });
});

describe('a folder', () => {
  it('is the parts of one split, in order, known by their content', async () => {
    const place = join(folder.path, 'parts');
    for (const i of [1, 0, 2]) write(`parts/train-0000${i}-of-00003.jsonl`, `{"n": ${i}}\n`);
    write('parts/README.md', '# data');
    write('parts/dataset_infos.json', '{}');
    expect(await rowsOf(place)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    const hash = await hashData(place);
    write('parts/train-00001-of-00003.jsonl', '{"n": 7}\n');
    expect(await hashData(place)).not.toBe(hash);
    expect((await placeOf(place)).name).toBe('parts');
  });

  it('with several sets of data names them, and one that lacks a part says so', async () => {
    write('two/train.jsonl', lines);
    write('two/test.jsonl', lines);
    await expect(rowsOf(join(folder.path, 'two'))).rejects.toThrow(
      /two has 2 sets of data; name one: \S*two\/test\.jsonl, \S*two\/train\.jsonl/,
    );
    write('lacks/a-00000-of-00002.jsonl', lines);
    await expect(rowsOf(join(folder.path, 'lacks'))).rejects.toThrow(
      /has 1 of the 2 parts of a-00000-of-00002\.jsonl; fetch the others/,
    );
  });
});

describe('the plan of a repository', () => {
  const example = (key: string): string => `o/n:${key}`;
  const plan = (paths: string[], wanted: string | null): string[] =>
    planData(paths, { wanted, where: 'o/n', example }).paths;
  const gsm8k = ['README.md', 'main/test-00000-of-00001.parquet', 'main/train-00000-of-00001.parquet', 'socratic/test-00000-of-00001.parquet']; // prettier-ignore
  const beavers = ['round0/30k/test.jsonl.gz', 'round0/30k/train.jsonl.gz', 'round0/330k/test.jsonl.gz', 'config.json']; // prettier-ignore

  it.each([
    [gsm8k, 'main/test', 'main/test-00000-of-00001.parquet'],
    [gsm8k, 'main/train', 'main/train-00000-of-00001.parquet'],
    [gsm8k, 'socratic', 'socratic/test-00000-of-00001.parquet'],
    [beavers, '30k/test', 'round0/30k/test.jsonl.gz'],
    [beavers, 'round0/330k', 'round0/330k/test.jsonl.gz'],
    [beavers, 'round0/30k/train.jsonl.gz', 'round0/30k/train.jsonl.gz'],
    [['helpful_harmless.json', 'math.json'], 'math', 'math.json'],
    [['data/train.parquet', 'data/validation.parquet'], 'dev', 'data/validation.parquet'],
    [['data/test/part-000.parquet', 'data/train/part-000.parquet'], 'test', 'data/test/part-000.parquet'], // prettier-ignore
    [['20k_train.json'], null, '20k_train.json'],
    [['test.jsonl', 'test.parquet'], null, 'test.parquet'],
  ])('%j, %s', (paths, wanted, found) => {
    expect(plan(paths, wanted)).toEqual([found]);
  });

  it('says what there is', () => {
    expect(() => plan(gsm8k, null)).toThrow(
      'data: o/n has 3 sets of data; name one: o/n:main/test, o/n:main/train, o/n:socratic/test',
    );
    expect(() => plan(gsm8k, 'test')).toThrow(
      'data: o/n has 2 sets of data called test; name one: o/n:main/test, o/n:socratic/test',
    );
    expect(() => plan(gsm8k, 'none')).toThrow(/has no none \(expected one of o\/n:main\/test, /);
    expect(() => plan(['README.md', 'a.csv'], null)).toThrow(
      /has no data \(expected \.json, \.jsonl or \.parquet.*; 2 files\)/,
    );
  });
});
