/** Downloads from a hub on this machine into a cache of their own. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HubApiError } from '@huggingface/hub';
import { explainHubError } from '../../src/runtime/hub/errors.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import type { ModelFiles } from '../../src/runtime/modelFiles.js';
import { resolveModel } from '../../src/runtime/resolveModel.js';
import type { DownloadProgress, HubOptions } from '../../src/runtime/hub/settings.js';
import { writeTinyModel } from '../cli/harness.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { toExternal } from '../onnx/tinyExternal.js';
import { filesOf, hashOf, startHub, type FakeHub, type FakeRepo } from './fakeHub.js';
import { temporaryFolder } from './models.js';

const folder = temporaryFolder();
const commit = 'c'.repeat(40);
const graph = 'onnx/model.onnx';
const weights = ['onnx/model.onnx_data', 'onnx/model.onnx_data_1'] as const;
let hub: FakeHub;
let repo: FakeRepo;
let cache: string;
let caches = 0;

/** A tiny model with its weights in files of their own, and what a repository has beside. */
function tinyFiles(): Map<string, Uint8Array> {
  const files = filesOf(writeTinyModel(folder.path, 'source'));
  const external = toExternal(tinyDecoder({ vocabulary: 260, width: 16, maxLength: 512 }));
  files.set(graph, external.graph);
  for (const [name, content] of external.weights) files.set(`onnx/${name}`, content);
  for (const name of ['README.md', 'onnx/model_q4.onnx', 'model.safetensors']) {
    files.set(name, Buffer.from(name.repeat(400)));
  }
  return files;
}

beforeAll(async () => {
  hub = await startHub();
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  folder.remove();
});
beforeEach(() => {
  cache = join(folder.path, `cache-${caches++}`);
  repo = { files: tinyFiles(), commit, revisions: ['main', 'v1', 'refs/pr/1'] };
  hub.repos.set('org/tiny', repo);
});
afterEach(() => {
  hub.requests.length = 0;
  hub.breaks.clear();
  hub.served.clear();
});

interface Asked extends HubOptions {
  more?: Record<string, string>;
}

function resolve(model: string, { more, ...options }: Asked = {}): Promise<ModelFiles> {
  const env = {
    HF_ENDPOINT: hub.url,
    HF_HOME: cache,
    HF_TOKEN_PATH: join(cache, 'token'),
    ...more,
  };
  return resolveModel(model, { env, pause: () => Promise.resolve(), ...options });
}

const place = (...parts: string[]): string => join(cache, 'hub', 'models--org--tiny', ...parts);
const bytesOf = (path: string): Buffer => Buffer.from(repo.files.get(path) ?? []);
const blobOf = (path: string): string => place('blobs', hashOf(bytesOf(path)));
const leftOver = (): string[] =>
  readdirSync(place('blobs')).filter((name) => name.endsWith('.incomplete'));
const downloads = (): string[] =>
  hub.requests.filter((line) => /\/(resolve|large)\//.test(line)).map((line) => line.replace(/^.*?\/c{40}\//, '')); // prettier-ignore

describe('a download', () => {
  it('takes what is needed and no more, into the official layout', async () => {
    const found = await resolve('org/tiny');
    expect(found).toEqual({
      ...{ name: 'tiny', source: `org/tiny@${commit}` },
      ...{
        folder: place('snapshots', commit),
        file: place('snapshots', commit, 'onnx', 'model.onnx'),
      },
    });
    const there = [...filesOf(found.folder).keys()].sort();
    expect(there).toEqual(['generation_config.json', graph, ...weights, 'tokenizer.json', 'tokenizer_config.json']); // prettier-ignore
    for (const [path, content] of filesOf(found.folder)) {
      expect(lstatSync(join(found.folder, path)).isSymbolicLink()).toBe(true);
      expect(readFileSync(blobOf(path))).toEqual(content);
      expect(content).toEqual(bytesOf(path));
    }
    expect(readFileSync(place('refs', 'main'), 'utf8')).toBe(commit);
    expect(leftOver()).toEqual([]);
    // The graph comes last: where it is, everything is.
    expect(downloads().at(-1)).toBe(graph);
  });

  it('gives a model that loads and runs, its weights behind links', async () => {
    const files = await resolve('org/tiny');
    await using model = await loadLanguageModel({ model: files, threads: 1 });
    expect(model.decoder.info.source).toBe(`org/tiny@${commit}`);
    expect(model.tokenizer.endOfTurn).toEqual([1]);
    const prompts = [model.tokenizer.encode(model.tokenizer.chatPrompt('hello'))];
    const { rows } = await model.decoder.generate({ prompts, maxNewTokens: 3, stop: [] });
    expect(rows[0]?.tokens).toHaveLength(3);
    const [row] = await model.decoder.forward({ tokens: prompts, logits: [[0]] });
    expect(row?.logits.every(Number.isFinite)).toBe(true);
  });

  it('is not repeated, nor is a file that another commit has', async () => {
    await resolve('org/tiny');
    hub.requests.length = 0;
    await resolve('org/tiny');
    expect(downloads()).toEqual([]);
    repo.commit = 'd'.repeat(40);
    repo.files.set('generation_config.json', Buffer.from('{"eos_token_id": 2}'));
    const next = await resolve('org/tiny');
    expect(next.source).toBe(`org/tiny@${repo.commit}`);
    expect(new Set(downloads().map((path) => path.replace(/^.*\//, '')))).toEqual(new Set(['generation_config.json'])); // prettier-ignore
    expect(readFileSync(place('refs', 'main'), 'utf8')).toBe(repo.commit);
  });

  it('takes a revision and a variant', async () => {
    const pinned = await resolve(`org/tiny@${commit}:q4`);
    expect(pinned.name).toBe('tiny-q4');
    expect(pinned.source).toBe(`org/tiny@${commit}:q4`);
    expect(pinned.file).toBe(place('snapshots', commit, 'onnx', 'model_q4.onnx'));
    expect(existsSync(place('refs'))).toBe(false);
    await resolve('org/tiny@refs/pr/1');
    expect(readFileSync(place('refs', 'refs', 'pr', '1'), 'utf8')).toBe(commit);
  });

  it('takes large files in chunks where the hub has them so, unless told not to', async () => {
    repo.xet = true;
    const found = await resolve('org/tiny');
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
    expect(hub.requests.some((line) => line.includes('/xet/chunks/'))).toBe(true);
    hub.requests.length = 0;
    rmSync(cache, { recursive: true });
    await resolve('org/tiny', { more: { HF_HUB_DISABLE_XET: '1' } });
    expect(hub.requests.some((line) => line.includes('/xet/'))).toBe(false);
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
  });

  it('may run twice at once', async () => {
    const [first, second] = await Promise.all([resolve('org/tiny'), resolve('org/tiny')]);
    expect(first).toEqual(second);
    expect(readFileSync(first.file)).toEqual(bytesOf(graph));
    expect(leftOver()).toEqual([]);
  });

  it('tells bytes of the total, file by file', async () => {
    const told: DownloadProgress[] = [];
    await resolve('org/tiny', { onProgress: (now) => told.push({ ...now }) });
    const { files } = repo;
    const wanted = ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json', graph, ...weights]; // prettier-ignore
    const total = wanted.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0);
    expect(told[0]).toMatchObject({ done: 0, total });
    expect(told.at(-1)).toEqual({ file: graph, done: total, total });
    expect(told.every(({ done }, i) => done >= (told[i - 1]?.done ?? 0))).toBe(true);
  });
});

describe('a broken connection', () => {
  it('is taken up where it broke', async () => {
    hub.breaks.set(weights[0], [3000, 2000]);
    const found = await resolve('org/tiny');
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
  });

  it('that does not heal leaves nothing that is taken for whole', async () => {
    hub.breaks.set(weights[0], new Array<number>(20).fill(0));
    await expect(resolve('org/tiny')).rejects.toThrow(/hub: cannot reach http.*run the same command again/s); // prettier-ignore
    expect(existsSync(blobOf(weights[0]))).toBe(false);
    expect(leftOver()).toEqual([]);
    expect(existsSync(place('refs', 'main'))).toBe(false);
    hub.breaks.clear();
    const found = await resolve('org/tiny');
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
  });

  it('in the middle of chunks heals too, and leaves nothing where it does not', async () => {
    repo.xet = true;
    hub.breaks.set(weights[0], [3000]);
    const found = await resolve('org/tiny');
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
    hub.served.set(graph, Buffer.alloc(bytesOf(graph).length));
    rmSync(cache, { recursive: true });
    await expect(resolve('org/tiny')).rejects.toThrow(
      /onnx\/model\.onnx of org\/tiny came damaged/,
    );
    expect(leftOver()).toEqual([]);
  });

  it('other bytes than listed are refused', async () => {
    const content = bytesOf(weights[0]);
    content.writeUInt8(content.readUInt8(7) ^ 1, 7);
    hub.served.set(weights[0], content);
    await expect(resolve('org/tiny')).rejects.toThrow(/onnx\/model\.onnx_data of org\/tiny came damaged/); // prettier-ignore
    expect(existsSync(blobOf(weights[0]))).toBe(false);
    expect(leftOver()).toEqual([]);
  });

  it('too short a file is refused', async () => {
    hub.served.set('tokenizer.json', bytesOf('tokenizer.json').subarray(0, 100));
    await expect(resolve('org/tiny')).rejects.toThrow(/hub: /);
    expect(existsSync(blobOf('tokenizer.json'))).toBe(false);
  });

  it('a damaged blob in the cache is downloaded again', async () => {
    await resolve('org/tiny');
    writeFileSync(blobOf(weights[0]), 'short');
    const found = await resolve('org/tiny');
    expect(readFileSync(join(found.folder, weights[0]))).toEqual(bytesOf(weights[0]));
  });

  it('ends at once when asked to', async () => {
    const interruption = new AbortController();
    const stopped = resolve('org/tiny', {
      signal: interruption.signal,
      onProgress: ({ file, done }) => {
        if (file === weights[0] && done > 0) interruption.abort(new Error('interrupted'));
      },
    });
    await expect(stopped).rejects.toThrow('interrupted');
    expect(leftOver()).toEqual([]);
    expect(existsSync(place('snapshots', commit, graph))).toBe(false);
  });
});

describe('refusals say what to do', () => {
  it('no repository, no revision', async () => {
    await expect(resolve('org/none')).rejects.toThrow(
      /no model org\/none at http.*check the spelling/,
    );
    await expect(resolve('org/tiny@v9')).rejects.toThrow(
      /org\/tiny has no revision "v9".*tree\/main/,
    );
  });

  it('gated: without a token, with the wrong one, with the right one', async () => {
    repo.gatedFor = 'hf_right';
    await expect(resolve('org/tiny')).rejects.toThrow(/is gated; accept its terms at .*HF_TOKEN/);
    const wrong = resolve('org/tiny', { more: { HF_TOKEN: 'hf_wrong' } });
    await expect(wrong).rejects.toThrow(/is gated, and the access token may not read it/);
    // As `hf auth login` leaves it.
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'token'), 'hf_right\n');
    expect((await resolve('org/tiny')).source).toBe(`org/tiny@${commit}`);
  });

  it('no such variant, no decoder', async () => {
    await expect(resolve('org/tiny:fp16')).rejects.toThrow(/no decoder in fp16 \(expected one of fp32, q4\)/); // prettier-ignore
    hub.repos.set('org/torch', { files: new Map([['config.json', Buffer.from('{}')]]), commit });
    await expect(resolve('org/torch')).rejects.toThrow(/org\/torch@main has no ONNX decoder/);
  });

  it('no network', async () => {
    const gone = await startHub();
    await gone[Symbol.asyncDispose]();
    const more = { HF_ENDPOINT: gone.url };
    await expect(resolve('org/tiny', { more })).rejects.toThrow(/cannot reach http.*ECONNREFUSED.*check the connection/); // prettier-ignore
  });

  it('a cache that cannot be written', async () => {
    writeFileSync(cache, '');
    await expect(resolve('org/tiny')).rejects.toThrow(/cannot write to .*set HF_HUB_CACHE/);
    rmSync(cache);
  });

  it('a full disk, a limit, a token that is not taken', () => {
    const settings = { url: 'https://h', cache: '/c', offline: false, xet: true, token: 'hf_a', quietMilliseconds: 1000 }; // prettier-ignore
    const call = {
      ...{ settings, code: null },
      name: { type: 'model' as const, repo: 'org/tiny', revision: 'main' },
    };
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(explainHubError(full, call).message).toBe(
      'hub: cannot write to /c: the disk is full; free some space, or set HF_HUB_CACHE to a folder elsewhere',
    );
    const refused = (status: number): string =>
      explainHubError(new HubApiError('u', status), call).message;
    expect(refused(429)).toMatch(/too many requests/);
    expect(refused(401)).toMatch(/does not take the access token/);
    expect(refused(503)).toMatch(/status 503.*try again later/);
  });
});

describe('offline', () => {
  const more = { HF_HUB_OFFLINE: '1' };

  it('uses the cache, and asks nothing', async () => {
    const online = await resolve('org/tiny');
    hub.requests.length = 0;
    expect(await resolve('org/tiny', { more })).toEqual(online);
    expect(await resolve(`org/tiny@${commit}`, { more })).toEqual(online);
    expect(hub.requests).toEqual([]);
  });

  it('says what is missing', async () => {
    await expect(resolve('org/tiny', { more })).rejects.toThrow(/org\/tiny@main is not in the cache \(.*models--org--tiny\).*unset it/); // prettier-ignore
    await resolve('org/tiny');
    await expect(resolve('org/tiny@v1', { more })).rejects.toThrow(
      /org\/tiny@v1 is not in the cache/,
    );
    await expect(resolve('org/tiny:q4', { more })).rejects.toThrow(/in the cache \(.*has no decoder in q4 \(expected one of fp32\)/); // prettier-ignore
    rmSync(blobOf(graph));
    await expect(resolve('org/tiny', { more })).rejects.toThrow(
      /has no ONNX decoder .*unset it to download/,
    );
  });
});

describe('what exists on this machine comes first', () => {
  it('a folder of the same spelling, an embedded name', async () => {
    const local = join(folder.path, 'org', 'local');
    writeTinyModel(join(folder.path, 'org'), 'local');
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      expect((await resolve('org/local')).source).toBe(local);
    } finally {
      process.chdir(before);
    }
    expect((await resolve('corrector-arithmetic-m')).name).toBe('corrector-arithmetic-m');
    expect(hub.requests).toEqual([]);
  });

  it('names without exactly one slash ask nothing', async () => {
    for (const name of ['none', './org/none', 'a/b/c', '/org/none']) {
      await expect(resolve(name)).rejects.toThrow(/nothing found for .*org\/name of the Hugging Face hub/s); // prettier-ignore
    }
    expect(hub.requests).toEqual([]);
  });
});
