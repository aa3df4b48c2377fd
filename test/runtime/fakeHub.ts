/** A hub on this machine: the endpoints of the Hugging Face hub that a download meets. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';

export interface FakeRepo {
  files: Map<string, Uint8Array>;
  commit: string;
  /** Names of the commit beside itself. Default: `main`. */
  revisions?: readonly string[];
  /** Files are for this token alone. */
  gatedFor?: string;
  /** Large files come in chunks (Xet). */
  xet?: boolean;
}

export interface FakeHub extends AsyncDisposable {
  url: string;
  /** By `org/name`; data sets by `datasets/org/name`. */
  repos: Map<string, FakeRepo>;
  /** `GET /api/…` of every request, in order. */
  requests: string[];
  /** Of a path: after how many bytes the next connections break; used up one by one. */
  breaks: Map<string, number[]>;
  /** Of a path: other bytes than those that are listed. */
  served: Map<string, Uint8Array>;
  /** Sees every request first; answers it where it returns true. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Beyond it a file is large: stored apart, listed with its SHA-256, reached by a redirect. */
const largest = 4000;
const pageLength = 4;

/** All files of a folder, by path with slashes. */
export function filesOf(folder: string): Map<string, Uint8Array> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path.split(sep).join('/'), readFileSync(join(folder, path))])); // prettier-ignore
}

export async function startHub(): Promise<FakeHub> {
  const state = { repos: new Map(), requests: [], breaks: new Map(), served: new Map() };
  const server = createServer((request, response) => answer({ hub, request, response }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hub: FakeHub = {
    ...state,
    before: () => false,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hub;
}

interface Exchange {
  hub: FakeHub;
  request: IncomingMessage;
  response: ServerResponse;
}

function answer({ hub, request, response }: Exchange): void {
  const url = new URL(request.url ?? '', hub.url);
  hub.requests.push(`${request.method ?? ''} ${url.pathname}`);
  const exchange = { hub, request, response };
  if (hub.before(request, response)) return;
  if (url.pathname.startsWith('/xet/')) return answerXet(exchange, url.pathname);
  const [, api, id = '', kind, rest = ''] =
    /^(\/api(?=\/datasets)|\/api\/models)?\/((?:datasets\/)?[^/]+\/[^/]+)\/(revision|tree|resolve|large)\/(.*)$/.exec(
      url.pathname,
    ) ?? [];
  const repo = hub.repos.get(id);
  if (!repo) return refuse(response, 401, 'RepoNotFound');
  const [first = ''] = api && kind === 'revision' ? [decodeURIComponent(rest)] : rest.split('/');
  if (![repo.commit, ...(repo.revisions ?? ['main'])].includes(first)) {
    return refuse(response, 404, 'RevisionNotFound');
  }
  const path = rest.slice(first.length + 1);
  if (api && kind === 'revision') return json(response, { _id: '1', id, sha: repo.commit });
  if (api && kind === 'tree') return sendTree(exchange, repo, url);
  if (repo.gatedFor && kind === 'resolve') {
    const token = request.headers.authorization;
    if (token === undefined) return refuse(response, 401, 'GatedRepo');
    if (token !== `Bearer ${repo.gatedFor}`) return refuse(response, 403, 'GatedRepo');
  }
  const content = repo.files.get(path);
  if (!content) return refuse(response, 404, 'EntryNotFound');
  response.setHeader('X-Repo-Commit', repo.commit);
  response.setHeader('ETag', `"${hashOf(content)}"`);
  if (repo.xet && content.length > largest && request.headers.accept?.includes('xet-fileinfo')) {
    return describeXet(hub, response, content);
  }
  if (kind === 'resolve' && content.length > largest) {
    response.setHeader('X-Linked-Size', content.length);
    response.setHeader('X-Linked-ETag', `"${hashOf(content)}"`);
    // Another origin, as the hub's stores are.
    const store = hub.url.replace('127.0.0.1', 'localhost');
    response.writeHead(302, { Location: `${store}/${id}/large/${repo.commit}/${path}` });
    return void response.end();
  }
  if (kind === 'large' && request.headers.authorization !== undefined) {
    // A signed address takes no second authorization.
    return refuse(response, 400, 'InvalidArgument');
  }
  sendContent(exchange, path, hub.served.get(path) ?? content);
}

/** A large file's chunks are to be had elsewhere. */
function describeXet(hub: FakeHub, response: ServerResponse, content: Uint8Array): void {
  const hash = hashOf(content);
  const links = [
    `<${hub.url}/xet/auth>; rel="xet-auth"`,
    `<${hub.url}/xet/v1/reconstructions/${hash}>; rel="xet-reconstruction-info"`,
  ];
  response.setHeader('X-Linked-Size', content.length);
  response.setHeader('X-Linked-ETag', `"${hash}"`);
  response.setHeader('X-Xet-Hash', hash);
  response.setHeader('Link', links.join(', '));
  response.setHeader('Content-Type', 'application/vnd.xet-fileinfo+json');
  response.end('{}');
}

/** The store of chunks: every file is one uncompressed chunk. */
function answerXet(exchange: Exchange, path: string): void {
  const { hub, request, response } = exchange;
  if (path === '/xet/auth') {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    return json(response, { accessToken: 'chunks', casUrl: `${hub.url}/xet`, exp });
  }
  const hash = path.replace(/^.*\//, '');
  const [name = '', content = new Uint8Array()] =
    [...hub.repos.values()]
      .flatMap(({ files }) => [...files])
      .find(([, bytes]) => hashOf(bytes) === hash) ?? [];
  const header = Buffer.alloc(8);
  header.writeUIntLE(content.length, 1, 3);
  header.writeUIntLE(content.length, 5, 3);
  const chunk = Buffer.concat([header, hub.served.get(name) ?? content]);
  if (path.startsWith('/xet/chunks/')) return sendContent(exchange, name, chunk);
  const [, start = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
  const chunks = { start: 0, end: 1 };
  const ranges = [{ chunks, bytes: { start: 0, end: chunk.length - 1 } }];
  json(response, {
    terms: [{ hash, unpacked_length: content.length, range: chunks }],
    xorbs: { [hash]: [{ url: `${hub.url}/xet/chunks/${hash}`, ranges }] },
    offset_into_first_range: Number(start),
  });
}

/** SHA-256 of a large file, else git's hash of a blob. */
export function hashOf(content: Uint8Array): string {
  return content.length > largest
    ? createHash('sha256').update(content).digest('hex')
    : createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

function sendTree({ hub, response }: Exchange, repo: FakeRepo, url: URL): void {
  const folders = [...repo.files.keys()].filter((path) => path.includes('/'));
  const entries = [
    ...[...new Set(folders.map((path) => path.split('/')[0] ?? ''))].map((path) => ({
      ...{ type: 'directory', path, size: 0, oid: '0'.repeat(40) },
    })),
    ...[...repo.files].map(([path, content]) => ({
      ...{ type: 'file', path, size: content.length },
      ...(content.length > largest
        ? { oid: 'f'.repeat(40), lfs: { oid: hashOf(content), size: content.length } }
        : { oid: hashOf(content) }),
    })),
  ];
  const from = Number(url.searchParams.get('cursor') ?? 0);
  if (from + pageLength < entries.length) {
    url.searchParams.set('cursor', String(from + pageLength));
    response.setHeader('Link', `<${new URL(url.pathname + url.search, hub.url).href}>; rel="next"`);
  }
  json(response, entries.slice(from, from + pageLength));
}

function sendContent({ hub, request, response }: Exchange, path: string, all: Uint8Array): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const probe = from === '0' && to === '0';
  const part = from === undefined ? all : all.subarray(Number(from), Number(to) + 1);
  const range = `bytes ${from ?? 0}-${to ?? all.length - 1}/${all.length}`;
  response.writeHead(from === undefined ? 200 : 206, {
    'Content-Length': part.length,
    ...(from !== undefined && { 'Content-Range': range }),
  });
  const broken = probe ? undefined : hub.breaks.get(path)?.shift();
  if (broken === undefined) return void response.end(part);
  response.write(part.subarray(0, broken), () => response.destroy());
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.setHeader('X-Error-Code', code);
  json(response, { error: code }, status);
}

function json(response: ServerResponse, content: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(content));
}
