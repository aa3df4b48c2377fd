/** Data sets of a hub on this machine: by name, config and split, into the cache that Python shares. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openQuestions } from '../../src/data/questionSets.js';
import type { DataPlace } from '../../src/data/files/place.js';
import { findData, type FindDataOptions } from '../../src/runtime/resolveData.js';
import { parseDataName } from '../../src/runtime/hub/dataName.js';
import { call } from '../cli/harness.js';
import { startHub, type FakeHub, type FakeRepo } from './fakeHub.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
const commit = 'd'.repeat(40);
let hub: FakeHub;
let repo: FakeRepo;
let cache: string;
let caches = 0;

const questions = (count: number, of: string): Buffer =>
  Buffer.from(
    Array.from({ length: count }, (_, n) => `${JSON.stringify({ question: `${of} ${n}?`, answer: `It is ${n}.\n#### ${n}` })}\n`).join(''), // prettier-ignore
  );

beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  folder.remove();
});
beforeEach(() => {
  cache = join(folder.path, `cache-${caches++}`);
  repo = {
    ...{ commit, revisions: ['main', 'v1'] },
    files: new Map([
      ['README.md', Buffer.from('# Sums')],
      ['main/train.jsonl.gz', gzipSync(questions(300, 'Train'))],
      ['main/test-00000-of-00002.jsonl', questions(120, 'First')],
      ['main/test-00001-of-00002.jsonl', questions(2, 'Second')],
      ['socratic/test.jsonl', questions(1, 'Else')],
    ]),
  };
  hub.repos.set('datasets/org/sums', repo);
});
afterEach(() => {
  hub.requests.length = 0;
});

function find(
  name: string,
  { more, ...options }: FindDataOptions & { more?: Record<string, string> } = {},
): Promise<DataPlace> {
  // prettier-ignore
  const env = { HF_ENDPOINT: hub.url, HF_HOME: cache, HF_TOKEN_PATH: join(cache, 'token'), ...more };
  return findData(name, { env, folder: folder.path, pause: () => Promise.resolve(), ...options });
}

describe('a data set of the hub', () => {
  it('is what was asked for and no more, in the official layout, named by its commit', async () => {
    const place = await find('org/sums:main/test');
    const snapshot = join(cache, 'hub', 'datasets--org--sums', 'snapshots', commit);
    expect(place).toEqual({
      ...{ name: 'org/sums:main/test', source: `org/sums@${commit}:main/test` },
      files: [0, 1].map((i) => join(snapshot, 'main', `test-0000${i}-of-00002.jsonl`)),
    });
    expect(existsSync(join(snapshot, 'main', 'train.jsonl.gz'))).toBe(false);
    const set = await openQuestions(place);
    expect(set.questions).toHaveLength(122);
    expect(set.questions.at(-1)).toMatchObject({ question: 'Second 1?', answer: '1' });
    expect(hub.requests.every((line) => /\/(api\/)?datasets\/org\/sums\//.test(line) || line.includes('/large/'))).toBe(true); // prettier-ignore
    // What it is called in records is a name that finds the same.
    expect(await find(place.source)).toEqual({ ...place, name: place.source });
  });

  it('comes by split, revision or file, and is not downloaded twice', async () => {
    const { name, files } = await find('org/sums@v1/train');
    expect(name).toBe('org/sums@v1:main/train');
    expect((await openQuestions({ name, source: name, files })).questions).toHaveLength(300);
    const before = hub.requests.filter((line) => line.includes('/resolve/')).length;
    await find('org/sums:main/train.jsonl.gz');
    expect(hub.requests.filter((line) => line.includes('/resolve/'))).toHaveLength(before);
  });

  it('says what there is where that is not clear, or not there', async () => {
    await expect(find('org/sums')).rejects.toThrow(
      /data: org\/sums@main of the hub has 3 sets of data; name one: org\/sums:main\/test, org\/sums:main\/train, org\/sums:socratic\/test/,
    );
    await expect(find('org/sums:none')).rejects.toThrow(
      /has no none \(expected one of org\/sums:main/,
    );
    await expect(find('org/none:test')).rejects.toThrow(/hub: no data set org\/none at http/);
    await expect(find('nothing')).rejects.toThrow(
      /data: nothing is called "nothing" \(expected a file or folder, org\/name.*, or one of gsm8k, /,
    );
  });

  it('comes from the cache where the hub is off, or cannot be asked', async () => {
    const offline = { HF_HUB_OFFLINE: '1' };
    await expect(find('org/sums:main/test', { more: offline })).rejects.toThrow(
      /org\/sums@main is not in the cache .* unset it to download the data/,
    );
    const online = await find('org/sums:main/test');
    expect(await find('org/sums:main/test', { more: offline })).toEqual(online);
    rmSync(online.files[1] ?? '');
    await expect(find('org/sums:main/test', { more: offline })).rejects.toThrow(
      /has 1 of the 2 parts of main\/test-00000-of-00002\.jsonl/,
    );
    await find('org/sums:main/test');
    const warnings: string[] = [];
    hub.before = (_, response) => (response.writeHead(503), response.end(), true);
    const cached = await find('org/sums:main/test', { onWarning: (text) => warnings.push(text) });
    hub.before = () => false;
    expect(cached).toEqual(online);
    expect(warnings).toHaveLength(1);
  });

  it('gives its token to the hub alone', async () => {
    repo.gatedFor = 'hf_secret';
    await expect(find('org/sums:socratic')).rejects.toThrow(
      /org\/sums is gated; accept its terms at http.*\/datasets\/org\/sums/,
    );
    const place = await find('org/sums:main/test', { more: { HF_TOKEN: 'hf_secret' } });
    expect(readFileSync(place.files[0] ?? '')).toEqual(questions(120, 'First'));
  });

  it('stands behind what exists here under the name', async () => {
    mkdirSync(join(folder.path, 'org', 'sums'), { recursive: true });
    writeFileSync(join(folder.path, 'org', 'sums', 'mine.jsonl'), questions(1, 'Mine'));
    expect((await find('org/sums')).files).toEqual([
      join(folder.path, 'org', 'sums', 'mine.jsonl'),
    ]);
    expect(hub.requests).toEqual([]);
    rmSync(join(folder.path, 'org'), { recursive: true });
  });
});

describe('commands', () => {
  it('take its name, and say what they found', async () => {
    const env = { HF_ENDPOINT: hub.url, HF_HOME: cache };
    const described = await call(['dataset', 'describe', '--data', 'org/sums:main/test'], { cwd: folder.path, env }); // prettier-ignore
    expect(described.stdout).toBe('org/sums:main/test: GSM8K: 122 questions\n');
    const argv = [
      'dataset',
      'questions',
      '--data',
      'org/sums:socratic',
      '--out',
      'q.jsonl',
      '--json',
    ];
    const { code, stdout } = await call(argv, { cwd: folder.path, env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 1, data: `org/sums@${commit}:socratic/test` });
    expect(readFileSync(join(folder.path, 'q.jsonl'), 'utf8')).toBe(
      '{"id":"question-1","question":"Else 0?","answer":"0"}\n',
    );
    const none = await call(['dataset', 'answers'], { cwd: folder.path, env });
    expect(none).toMatchObject({ code: 2 });
    expect(none.stderr).toContain('answers needs --data <name>, e.g. --data gsm8k:main/test');
  });
});

describe('names', () => {
  it.each([
    ['a/b', 'a/b', 'main', null],
    ['a/b/test', 'a/b', 'main', 'test'],
    ['a/b:c', 'a/b', 'main', 'c'],
    ['a/b@v1:c/d/test', 'a/b', 'v1', 'c/d/test'],
    ['a/b@refs/pr/1/test', 'a/b', 'refs/pr/1', 'test'],
    ['gsm8k/test', 'openai/gsm8k', 'main', 'test'],
    ['hh-rlhf:harmless-base/test', 'Anthropic/hh-rlhf', 'main', 'harmless-base/test'],
  ])('%s', (name, of, revision, wanted) => {
    expect(parseDataName(name)).toEqual({ repo: of, revision, wanted });
  });

  it.each([
    '',
    'a',
    'a/../b',
    '/a/b',
    'a/b:',
    'a/b:../c',
    'a--b/c',
    'a/b c',
    'http://a/b',
    './a/b',
    'gsm8kx',
  ])(
    // prettier-ignore
    '%s is none',
    (name) => {
      expect(parseDataName(name)).toBeNull();
    },
  );
});
