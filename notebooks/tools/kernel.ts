/**
 * A tslab kernel and what Jupyter does with one: cells are sent, and their outputs come back until
 * the kernel is idle again. Spoken to directly, so that no Python is needed; and because tslab leaves
 * an error empty and sends its text to stderr, and promises that nobody waits for fail there alone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer, Subscriber } from 'zeromq';
import type { Output } from './notebookFile.js';
import { readMessage, writeRequest, type Message } from './wire.js';

/** What became of a cell. */
export interface CellResult {
  /** What tslab says; a promise that nobody waits for may fail later, see {@link Kernel.late}. */
  ok: boolean;
  outputs: Output[];
}

export interface Kernel extends AsyncDisposable {
  /** @throws where the kernel dies or the time is over. */
  run(code: string, timeoutMs: number): Promise<CellResult>;
  /** Errors of promises that no cell waited for, so far. */
  late(): string[];
}

/** tslab's command, by which Jupyter starts it too. */
export const tslabCommand = createRequire(import.meta.url).resolve('tslab/bin/tslab');

const startTimeout = 60_000;

/**
 * Starts a kernel whose cells find modules from `folder`.
 * @throws where it does not start within a minute.
 */
export async function startKernel(folder: string): Promise<Kernel> {
  const temporary = await mkdtemp(join(tmpdir(), 'notebooks-kernel-'));
  const file = join(temporary, 'connection.json');
  const connection = await freeConnection();
  await writeFile(file, JSON.stringify(connection), { mode: 0o600 });
  const argv = [tslabCommand, 'kernel', '--config-path', file];
  const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const kernel = new TslabKernel(child, connection, temporary);
  try {
    await kernel.connect();
    return kernel;
  } catch (error) {
    await kernel[Symbol.asyncDispose]();
    throw error;
  }
}

interface Connection {
  transport: string;
  ip: string;
  key: string;
  signature_scheme: string;
  shell_port: number;
  iopub_port: number;
  control_port: number;
  stdin_port: number;
  hb_port: number;
}

/** Free ports of this machine alone; held all at once, so that they differ. */
async function freeConnection(): Promise<Connection> {
  const servers = await Promise.all(Array.from({ length: 5 }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  const [shell = 0, iopub = 0, control = 0, stdin = 0, heartbeat = 0] = ports;
  return {
    transport: 'tcp',
    ip: '127.0.0.1',
    key: randomUUID(),
    signature_scheme: 'hmac-sha256',
    shell_port: shell,
    iopub_port: iopub,
    control_port: control,
    stdin_port: stdin,
    hb_port: heartbeat,
  };
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

/** A request under way. */
interface Request {
  ok: boolean | null;
  idle: boolean;
  outputs: Output[];
  settle: () => void;
}

/** How tslab begins what it says of errors that no cell waited for. */
const lateError = /^(UnhandledPromiseRejection|UncaughtException):/;

class TslabKernel implements Kernel {
  readonly #child: ChildProcess;
  readonly #connection: Connection;
  readonly #folder: string;
  readonly #session = randomUUID();
  readonly #shell = new Dealer();
  readonly #iopub = new Subscriber();
  readonly #requests = new Map<string, Request>();
  readonly #late: string[] = [];
  readonly #died: Promise<never>;
  #complaints = '';

  constructor(child: ChildProcess, connection: Connection, folder: string) {
    this.#child = child;
    this.#connection = connection;
    this.#folder = folder;
    child.stderr?.on('data', (bytes: Buffer) => (this.#complaints += bytes.toString()));
    this.#died = new Promise((_, reject) => {
      child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        reject(new Error(`kernel: tslab ended (${how})\n${this.#complaints}`.trim()));
      });
      child.once('error', reject);
    });
    // It is waited for only while something runs.
    this.#died.catch(() => undefined);
  }

  late(): string[] {
    return [...this.#late];
  }

  /** Asks until an answer comes on both sockets: what is published before is lost. */
  async connect(): Promise<void> {
    const { transport, ip, shell_port, iopub_port } = this.#connection;
    this.#shell.connect(`${transport}://${ip}:${shell_port}`);
    this.#iopub.connect(`${transport}://${ip}:${iopub_port}`);
    this.#iopub.subscribe();
    void this.#listen(this.#shell);
    void this.#listen(this.#iopub);
    const end = Date.now() + startTimeout;
    while (Date.now() < end) {
      const answered = await this.#ask('kernel_info_request', {}, 1000);
      if (answered) return;
    }
    throw new Error(`kernel: tslab does not answer (waited ${startTimeout / 1000} s)`);
  }

  async run(code: string, timeoutMs: number): Promise<CellResult> {
    const content = { code, silent: false, store_history: true, user_expressions: {} };
    const request = await this.#ask('execute_request', content, timeoutMs);
    if (!request) throw new Error(`kernel: no answer within ${timeoutMs / 1000} s`);
    return { ok: request.ok === true, outputs: request.outputs };
  }

  /** Sends a request and waits for its end; null where the time is over. */
  async #ask(type: string, content: object, timeoutMs: number): Promise<Request | null> {
    const { id, parts } = writeRequest(type, content, {
      key: this.#connection.key,
      session: this.#session,
    });
    const request: Request = { ok: null, idle: false, outputs: [], settle: () => undefined };
    const settled = new Promise<Request>((resolve) => {
      request.settle = () => {
        if (request.idle && request.ok !== null) resolve(request);
      };
    });
    this.#requests.set(id, request);
    await this.#shell.send(parts);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, null);
    });
    try {
      return await Promise.race([settled, timeout, this.#died]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #listen(socket: Dealer | Subscriber): Promise<void> {
    for await (const parts of socket) this.#take(readMessage(parts, this.#connection.key));
  }

  #take({ type, parent, content }: Message): void {
    const request = this.#requests.get(parent);
    if (type === 'stream' && lateError.test(String(content.text))) {
      this.#late.push(String(content.text).trim());
    }
    if (!request) return;
    if (type === 'status') request.idle ||= content.execution_state === 'idle';
    else if (type.endsWith('_reply')) request.ok = (content.status ?? 'ok') === 'ok';
    else addOutput(request.outputs, type, content);
    request.settle();
  }

  /** Ends the process, sockets first, so that nothing is read from a dead kernel. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.close();
    this.#iopub.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Text of one stream becomes one output, however it was cut. */
function addOutput(outputs: Output[], type: string, content: Message['content']): void {
  if (type === 'display_data') {
    const data = content.data as Record<string, unknown>;
    outputs.push({ output_type: 'display_data', data, metadata: {} });
  } else if (type === 'stream') {
    const name = content.name === 'stderr' ? 'stderr' : 'stdout';
    const text = String(content.text);
    const last = outputs.at(-1);
    if (last?.output_type === 'stream' && last.name === name) last.text += text;
    else outputs.push({ output_type: 'stream', name, text });
  }
}
