/**
 * The stage `profile`: where the nodes of the generation loop run, what is copied inside it, and
 * where the time of a step goes. On a GPU a node's time is the host's, which only queues kernels, so
 * the account is made twice: as it runs, and in a process that waits for every kernel.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { madeDecoders, readJson, workFile } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import type { Machine } from './machine.js';
import { nothing, openModel } from './model.js';
import { accountSteps, summariseProfile } from './profile.js';
import type { ProfileEvent, ProfileSummary, StepAccount } from './profile.js';
import { readResult, withEntry, writeResult } from './results.js';
import type { DecoderShape } from './shapes.js';

const providers = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
} as const;

interface DecoderProfile extends ProfileSummary {
  name: string;
  ok: boolean;
  /** By batch; the first two runs, of one prompt each, only warm up. */
  steps: Record<string, StepAccount>;
  /** The same with every kernel waited for; null where that failed or says nothing. */
  blocking: Record<string, StepAccount> | null;
}

/** @returns whether no node of a loop copies, and all run on the device's provider */
export async function profileLoops(context: Context): Promise<boolean> {
  const machine = describeMachine(context);
  type File = { machine: Machine; decoders: DecoderProfile[] };
  let decoders = readResult<File>(context, 'profile', machine)?.decoders ?? [];
  for (const { shape, file } of madeDecoders(context)) {
    if (!context.again && decoders.some(({ name, blocking }) => name === shape.name && (blocking || context.device !== 'cuda'))) continue; // prettier-ignore
    const events = await profiled(context, shape, file);
    const summary = summariseProfile(events, providers[context.device]);
    const strays = [summary.copiesInLoop, summary.elsewhere].flatMap(Object.keys);
    const ok = strays.length === 0 && summary.iterations > 0;
    context.log(`${shape.name}: ${summary.iterations} iterations, copies inside ${JSON.stringify(summary.copiesInLoop)}, elsewhere ${JSON.stringify(summary.elsewhere)}`); // prettier-ignore
    const entry: DecoderProfile = { name: shape.name, ok, ...summary, steps: byBatch(context, events), blocking: null }; // prettier-ignore
    const save = (): void => {
      decoders = withEntry(decoders, entry);
      writeResult(context, 'profile', { machine, decoders });
    };
    save();
    logSteps(context, entry.steps);
    if (context.device !== 'cuda' && !context.tiny) continue;
    entry.blocking = waitForKernels(context, shape.name);
    save();
    if (entry.blocking) logSteps(context, entry.blocking);
  }
  return decoders.every(({ ok }) => ok);
}

/** A process of its own, since CUDA reads the variable when it starts. */
function waitForKernels(context: Context, name: string): Record<string, StepAccount> | null {
  const out = workFile(context, 'profile', `${name}-blocking.json`);
  const { device, work, weights, tiny } = context;
  const own = ['--device', device, '--work', work, '--weights', weights, ...(tiny ? ['--tiny'] : [])]; // prettier-ignore
  try {
    execFileSync(process.execPath, [process.argv[1] ?? '', 'blocking', '--models', name, ...own], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CUDA_LAUNCH_BLOCKING: '1' },
    });
    return readJson(out);
  } catch (error) {
    context.log(`blocking: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

/** The inner stage `blocking`: accounts only, into the work folder. */
export async function accountBlocking(
  context: Context,
  write: (file: string, steps: object) => void,
): Promise<void> {
  // prettier-ignore
  for (const { shape, file } of madeDecoders(context)) {
    const events = await profiled(context, shape, file);
    write(
      workFile(context, 'profile', `${shape.name}-blocking.json`),
      byBatch(context, events),
    );
  }
}

const batches = ({ tiny }: Context): number[] => (tiny ? [1, 4] : [1, 32]);

/** Two rows of unequal lengths, for the check; then each batch, once to warm up and once for the account. */
async function profiled(
  context: Context,
  { name, vocabulary }: DecoderShape,
  file: string,
): Promise<ProfileEvent[]> {
  // prettier-ignore
  const prefix = workFile(context, 'profile', `${name}-${context.device}-`);
  removeOld(prefix);
  const { engine } = await openModel(file, { device: context.device, profile: prefix });
  const prompts = [tokens(20, vocabulary), tokens(13, vocabulary)];
  await engine.generate({ prompts, maxNewTokens: 8, stop: [] }, nothing);
  for (const rows of batches(context).flatMap((n) => [n, n])) {
    const equal = Array.from({ length: rows }, (_, r) => tokens(64, vocabulary, r + 1));
    await engine.generate({ prompts: equal, maxNewTokens: 9, stop: [] }, nothing);
  }
  await engine.release();
  const events = old(prefix).flatMap((path) => readJson<ProfileEvent[]>(path));
  removeOld(prefix);
  return events;
}

function byBatch(context: Context, events: readonly ProfileEvent[]): Record<string, StepAccount> {
  const accounts = accountSteps(events);
  const known = batches(context).map((rows, i) => [String(rows), accounts[2 * i + 2]] as const);
  return Object.fromEntries(known.filter((pair): pair is [string, StepAccount] => pair[1] !== undefined)); // prettier-ignore
}

function logSteps({ log }: Context, steps: Record<string, StepAccount>): void {
  for (const [rows, { wall, nodes, count, operators, longest }] of Object.entries(steps)) {
    const most = Object.entries(operators).slice(0, 8).map(([op, time]) => `${op} ${time.toFixed(3)}`); // prettier-ignore
    log(`batch ${rows}: ${wall.toFixed(3)} ms per step, ${count.toFixed(0)} nodes ${nodes.toFixed(3)} ms: ${most.join(', ')}`); // prettier-ignore
    log(`  longest: ${longest.slice(0, 5).map(({ name, milliseconds }) => `${name} ${milliseconds.toFixed(3)}`).join(', ')}`); // prettier-ignore
  }
}

export function tokens(length: number, vocabulary: number, seed = 1): number[] {
  return Array.from({ length }, (_, i) => 3 + ((seed * 7919 + i * 104_729) % (vocabulary - 3)));
}

/** ONNX Runtime puts a time stamp behind the prefix. */
function old(prefix: string): string[] {
  const folder = dirname(prefix);
  const names = readdirSync(folder).filter((name) => name.startsWith(basename(prefix)));
  return names.map((name) => join(folder, name));
}

function removeOld(prefix: string): void {
  for (const path of old(prefix)) rmSync(path);
}
