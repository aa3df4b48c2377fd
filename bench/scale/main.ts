/**
 * The proof that machines share units as docs/scale.md says: real processes, each a host with its own
 * network, killed every few seconds, with clocks apart, slow disks, a Redis that dies and a network
 * that is cut. The records must be those of one process, byte for byte.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atWork, countWork, paceOf, systemMilliseconds } from './counts.js';
import { bridgeAddress, closeHosts, openHosts, plug, spawnAt, type Place } from './hosts.js';
import { proofOptions, type ProofOptions } from './options.js';
import type { Part } from './participant.js';
import { missingPrograms } from './cluster.js';
import { beginTasks } from './slurm.js';

const options = proofOptions();
const work = mkdtempSync(join(tmpdir(), 'aligner-lab-scale-'));
const port = 6397;
/** Slurm's tasks share the folder. */
const engine = options.engine === 'bullmq' ? 'bullmq' : 'folder';
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const participant = fileURLToPath(new URL('./participant.js', import.meta.url));

function partOf(more: Partial<Part>): Part {
  const { units } = options;
  return {
    ...{ engine, units, empty: false, folder: join(work, 'store'), shared: false },
    ...{ redis: `redis://${bridgeAddress}:${port}`, computes: true, first: false, slow: 0 },
    // Redis gives a dead process's unit to another when its lock has run out.
    ...{
      patience: engine === 'bullmq' ? (options.storms ? 45_000 : 10_000) : 5000,
      log: join(work, 'log.jsonl'),
      out: '',
    },
    ...more,
  };
}

const children = new Set<ChildProcess>();

function keep(child: ChildProcess): ChildProcess {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function begin(part: Partial<Part>, place: Place = { host: null, core: null }): ChildProcess {
  return keep(spawnAt(place, [process.execPath, participant, JSON.stringify(partOf(part))]));
}

/** Nothing of the proof is left, however it ends. */
function clean(): void {
  children.forEach((child) => child.kill('SIGKILL'));
  closeHosts(options.workers);
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once('exit', resolve));
}

function redis(): ChildProcess {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const words = [
    '--port',
    String(port),
    '--bind',
    '0.0.0.0',
    '--protected-mode',
    'no',
    '--dir',
    work,
  ];
  return keep(spawn('redis-server', [...words, ...durable], { stdio: 'ignore' }));
}

/** A worker on its host, begun again whenever it is killed. */
interface Seat {
  place: Place;
  part: Partial<Part>;
  child: ChildProcess;
}

interface Disturbed {
  killed: Map<number, number>;
  stop: () => void;
}

/** Kills one worker after the other; who has done nothing yet has its turn later, on a busy machine. */
function killing(seats: readonly Seat[], { kill }: ProofOptions): Disturbed {
  const killed = new Map<number, number>();
  let turn = 0;
  const timer = setInterval(() => {
    const at = atWork(join(work, 'log.jsonl'));
    const able = seats.filter(({ child }) => at.has(child.pid ?? 0) || child.exitCode !== null);
    const seat = able[turn++ % able.length];
    if (!seat) return;
    if (seat.child.pid !== undefined && seat.child.exitCode === null) {
      killed.set(seat.child.pid, systemMilliseconds());
      seat.child.kill('SIGKILL');
    }
    seat.child = begin(seat.part, seat.place);
  }, 1000 * kill);
  return { killed, stop: () => clearInterval(timer) };
}

/** Redis dies for ten seconds, then half of the hosts lose the network for thirty. */
async function storm(server: { child: ChildProcess } | null, hosts: number): Promise<void> {
  await wait(15_000);
  if (server) {
    server.child.kill('SIGKILL');
    say('redis: killed');
    await wait(10_000);
    server.child = redis();
    say('redis: back');
    await wait(10_000);
  }
  for (let host = 0; host < hosts; host += 2) plug(host, 'down');
  if (hosts > 0) say('network: cut for half of the hosts');
  await wait(30_000);
  for (let host = 0; host < hosts; host += 2) plug(host, 'up');
  if (hosts > 0) say('network: back');
}

/** The records of one process, which those of all must be. */
async function runAlone(): Promise<string> {
  const alone = join(work, 'alone.jsonl');
  say(`alone: ${options.units} units of the embedded corrector`);
  const single = begin({ engine: null, out: alone, first: true, log: join(work, 'alone.log') });
  if ((await ended(single)) !== 0) throw new Error('scale: the single process failed');
  return readFileSync(alone, 'utf8');
}

interface Shared {
  code: number | null;
  out: string;
  alone: string;
  killed: ReadonlyMap<number, number>;
  milliseconds: number;
}

/** Says how it went; whether it is what docs/scale.md promises. */
function verdict({ code, out, alone, killed, milliseconds }: Shared): boolean {
  const { units, workers } = options;
  const same = code === 0 && readFileSync(out, 'utf8') === alone;
  const counts = countWork(join(work, 'log.jsonl'), killed);
  const seconds = (milliseconds / 1000).toFixed(0);
  say(`${options.engine}: ${units} units, ${workers} workers, ${killed.size} kills, ${seconds} s`);
  say(`records  ${same ? 'the same bytes as alone' : `OTHERS than alone (exit ${code})`}`);
  say(
    `twice    ${counts.twice} units computed to the end twice; ${counts.broken} broken off by kills`,
  );
  say(`repeated ${(100 * counts.share).toFixed(2)} % of the time of all computing`);
  return same && counts.share <= 0.03;
}

async function underSlurm(): Promise<boolean> {
  const alone = await runAlone();
  const [log, out] = [join(work, 'log.jsonl'), join(work, 'shared.jsonl')];
  const worker = [process.execPath, participant, JSON.stringify(partOf({}))];
  await using tasks = await beginTasks(options, { work, log, worker });
  const start = performance.now();
  const code = await ended(begin({ first: true, computes: false, out }));
  const milliseconds = performance.now() - start;
  return verdict({ code, out, alone, killed: tasks.killed(), milliseconds });
}

async function disturbed(): Promise<boolean> {
  const { workers } = options;
  if (options.engine === 'slurm') return await underSlurm();
  const alone = await runAlone();
  const apart = openHosts(workers);
  say(apart ? `${workers} network namespaces` : 'no network namespaces here: all on one host');
  const server = engine === 'bullmq' ? { child: redis() } : null;
  await wait(1000);
  const redisUrl = apart ? {} : { redis: `redis://127.0.0.1:${port}` };
  const out = join(work, 'shared.jsonl');
  const first = begin({ first: true, computes: false, out, ...redisUrl });
  const clocks = ['+0', '+3h', '-2d', '+0'];
  const seats = Array.from({ length: workers }, (_, i): Seat => {
    const place = { host: apart ? i : null, core: i % 2, clock: clocks[i % clocks.length] ?? '+0' };
    const part = { slow: i === workers - 1 ? 100 : 0, ...redisUrl };
    return { place, part, child: begin(part, place) };
  });
  const { killed, stop } = killing(seats, options);
  const storms = options.storms ? storm(server, apart ? workers : 0) : Promise.resolve();
  const start = performance.now();
  const code = await ended(first);
  stop();
  const milliseconds = performance.now() - start;
  await Promise.race([storms, wait(90_000, undefined, { ref: false })]);
  seats.forEach(({ child }) => child.kill('SIGKILL'));
  server?.child.kill('SIGKILL');
  closeHosts(workers);
  return verdict({ code, out, alone, killed, milliseconds });
}

/** Milliseconds a unit with so many workers. */
async function sharedPace(workers: number): Promise<number> {
  rmSync(join(work, 'store'), { recursive: true, force: true });
  writeFileSync(join(work, 'log.jsonl'), '');
  const server = options.engine === 'bullmq' ? redis() : null;
  await wait(1000);
  const redisUrl = { redis: `redis://127.0.0.1:${port}` };
  const seats = Array.from({ length: workers }, (_, core) => begin(redisUrl, { host: null, core }));
  const first = begin({ first: true, computes: false, ...redisUrl });
  await ended(first);
  seats.forEach((child) => child.kill('SIGKILL'));
  server?.kill('SIGKILL');
  if (server) await ended(server);
  rmSync(join(work, 'appendonlydir'), { recursive: true, force: true });
  return paceOf(join(work, 'log.jsonl'));
}

/** The same of processes that share nothing, each with all units: what the machine gives. */
async function ownPace(workers: number): Promise<number> {
  writeFileSync(join(work, 'log.jsonl'), '');
  const alone = Array.from({ length: workers }, (_, core) =>
    begin({ engine: null, first: true }, { host: null, core }),
  );
  await Promise.all(alone.map(ended));
  return paceOf(join(work, 'log.jsonl'));
}

async function speed(): Promise<boolean> {
  const [one, two] = [await sharedPace(1), await sharedPace(2)];
  const [alone, beside] = [await ownPace(1), await ownPace(2)];
  const [times, most] = [one / two, alone / beside];
  say(`${options.engine}: ${options.units} units, 1 worker ${one.toFixed(1)} ms a unit, 2 workers ${two.toFixed(1)} ms: ${times.toFixed(2)} times as fast`); // prettier-ignore
  say(`processes that share nothing: ${alone.toFixed(1)} and ${beside.toFixed(1)} ms: ${most.toFixed(2)} times; of that ${((100 * times) / most).toFixed(0)} %`); // prettier-ignore
  return times >= 1.8;
}

async function cost(): Promise<boolean> {
  const server = options.engine === 'bullmq' ? redis() : null;
  await wait(1000);
  const redisUrl = { redis: `redis://127.0.0.1:${port}` };
  const milliseconds: number[] = [];
  for (const used of [null, engine] as const) {
    const log = join(work, `cost-${used}.jsonl`);
    await ended(begin({ engine: used, empty: true, first: true, log, ...redisUrl }));
    const last = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '{}';
    milliseconds.push((JSON.parse(last) as { milliseconds: number }).milliseconds);
  }
  server?.kill('SIGKILL');
  const [alone = 0, shared = 0] = milliseconds;
  const each = (shared - alone) / options.units;
  say(`${options.engine}: ${each.toFixed(2)} ms a unit, over ${options.units} empty ones`);
  return each <= 5;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clean();
    process.exit(1);
  });
}

try {
  const ways = { disturbed, speed, cost };
  const missing = options.engine === 'slurm' ? missingPrograms() : [];
  if (missing.length > 0) {
    say(`slurm: ${missing.join(', ')}: not installed; apt-get install slurm-wlm munge, and again`);
    process.exitCode = 3;
  } else {
    process.exitCode = (await ways[options.what]()) ? 0 : 1;
  }
} finally {
  clean();
}
