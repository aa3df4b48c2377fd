/** Readers of what the hub answers, and of what lies in its cache. */
import { rm } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hubModel } from '../../../src/runtime/hub/fetch.js';
import { hashOf } from '../../runtime/fakeHub.js';
import { bytesOf, json, type Reader } from './reader.js';

const commit = 'c'.repeat(40);
const hub = 'https://hub.test';
const content = { 'onnx/model.onnx': 'graph', 'tokenizer.json': '{}', 'config.json': '{}' };
const listing = Object.entries(content).map(([path, text]) => {
  return { type: 'file', path, size: text.length, oid: hashOf(bytesOf(text)) };
});
const answers = {
  'revision.json': { _id: '1', id: 'org/tiny', sha: commit, private: false },
  'tree.json': [{ type: 'directory', path: 'onnx', size: 0, oid: '0'.repeat(40) }, ...listing],
};

/** A hub that answers with the files of a folder. */
function answering(folder: string): typeof fetch {
  return (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    const [, kind] = /\/(revision|tree)\//.exec(pathname) ?? [];
    const told = kind && join(folder, `${kind}.json`);
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    const [, asked = ''] = /\/resolve\/[^/]+\/(.*)$/.exec(pathname) ?? [];
    const file = Object.entries(content).find(([path]) => path === decodeURIComponent(asked))?.[1];
    if (kind === 'tree' && existsSync(join(folder, 'link.txt'))) {
      headers.Link = readFileSync(join(folder, 'link.txt'), 'latin1').replace(/[^\x20-\xff]/g, '');
    }
    if (told) return Promise.resolve(new Response(readFileSync(told), { headers }));
    if (file === undefined) return Promise.resolve(new Response('{}', { status: 404, headers }));
    const probed = { ...headers, ETag: `"${hashOf(bytesOf(file))}"`, 'Content-Range': `bytes 0-0/${file.length}` }; // prettier-ignore
    return Promise.resolve(new Response(file, { headers: probed }));
  };
}

const name = { repo: 'org/tiny', revision: 'main', variant: null };
const nothing = (): void => undefined;

/** What a model of the hub is, asked of it or found in the cache that lies in the folder. */
async function useHub(folder: string, env: Record<string, string> = {}): Promise<void> {
  const cache = join(folder, 'hub');
  await hubModel(name, {
    env: { HF_HOME: folder, HF_ENDPOINT: hub, ...env },
    ...{ fetch: answering(folder), pause: () => Promise.resolve(), onWarning: nothing },
  });
  if (!existsSync(join(cache, 'models--org--tiny', 'refs', 'main'))) {
    throw new TypeError('nothing in the cache');
  }
}

async function download(folder: string): Promise<void> {
  try {
    await useHub(folder);
  } finally {
    await rm(join(folder, 'hub'), { recursive: true, force: true });
  }
}

const snapshot = `hub/models--org--tiny/snapshots/${commit}`;
const cached = Object.entries(content).map(([path, text]) => [`${snapshot}/${path}`, text]);
const ref = 'hub/models--org--tiny/refs/main';

export const hubReaders: readonly Reader[] = [
  {
    name: 'hub answers',
    names: [hub, 'org/tiny'],
    specimens: [
      ...Object.entries(answers).map(([file, value]) => json(file, value)),
      {
        file: 'link.txt',
        bytes: bytesOf(`<${hub}/api/models/org/tiny/tree/main?cursor=2>; rel="last"`),
        format: 'bytes',
      },
    ],
    around: Object.fromEntries(
      Object.entries(answers).map(([file, value]) => [file, JSON.stringify(value)]),
    ),
    read: download,
  },
  {
    name: 'hub cache',
    names: ['org/tiny', 'token'],
    specimens: [
      { file: ref, bytes: bytesOf(commit), format: 'bytes' },
      { file: 'token', bytes: bytesOf('hf_abcdefghijk\n'), format: 'bytes' },
    ],
    around: Object.fromEntries([...cached, [ref, commit]]) as Record<string, string>,
    read: (folder) => useHub(folder, { HF_HUB_OFFLINE: '1' }),
  },
];
