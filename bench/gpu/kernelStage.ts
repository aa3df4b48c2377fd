/**
 * The stage `kernels`: which kernels a step of decoding runs and how long each takes, by Nsight
 * Compute where the machine has it. What the kernels do not explain is waiting.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { madeDecoders } from './context.js';
import type { Context } from './context.js';
import { accountKernels, readKernels } from './kernels.js';
import type { KernelAccount } from './kernels.js';
import { describeMachine } from './machine.js';
import type { Machine } from './machine.js';
import { nothing, openModel } from './model.js';
import { tokens } from './profileStage.js';
import { readResult, withEntry, writeResult } from './results.js';

interface DecoderKernels {
  name: string;
  /** By batch. */
  steps: Record<string, KernelAccount>;
  errors: Record<string, string>;
}

const batches = [1, 32];
/** A generation has about 400 kernels a step; the first step is the prefill. */
const mostKernels = 3000;
const seconds = 60;

export function measureKernels(context: Context): boolean {
  const machine = describeMachine(context);
  type File = { machine: Machine; decoders: DecoderKernels[] };
  let decoders = readResult<File>(context, 'kernels', machine)?.decoders ?? [];
  const ncu = findNcu();
  for (const { shape } of madeDecoders(context)) {
    const known = context.again ? undefined : decoders.find(({ name }) => name === shape.name);
    const entry: DecoderKernels = { name: shape.name, steps: { ...known?.steps }, errors: {} };
    for (const rows of batches) {
      // What fails once fails again, and takes its minute.
      if (entry.steps[rows] || Object.keys(entry.errors).length > 0) continue;
      const found = ncu === null ? 'ncu: not found' : runNcu(context, { ncu, name: shape.name, rows }); // prettier-ignore
      if (typeof found === 'string') entry.errors[rows] = found;
      else entry.steps[rows] = found;
      context.log(`${shape.name} kernels at batch ${rows}: ${describe(found)}`);
      decoders = withEntry(decoders, entry);
      writeResult(context, 'kernels', { machine, decoders });
    }
  }
  return decoders.every(({ errors }) => Object.keys(errors).length === 0);
}

/** The inner stage `generate`: one short generation, to be looked at from outside. */
export async function generateOnce(context: Context, rows: number): Promise<void> {
  for (const { shape, file } of madeDecoders(context)) {
    const { engine } = await openModel(file, { device: context.device });
    const prompts = Array.from({ length: rows }, (_, r) => tokens(16, shape.vocabulary, r + 1));
    await engine.generate({ prompts, maxNewTokens: 4, stop: [] }, nothing);
    await engine.release();
  }
}

/** The account, or why there is none. */
function runNcu(
  { device, work, weights, tiny }: Context,
  { ncu, name, rows }: { ncu: string; name: string; rows: number },
): KernelAccount | string {
  const look = ['--csv', '--metrics', 'gpu__time_duration.sum', '--clock-control', 'none', '--cache-control', 'none', '--target-processes', 'all', '--launch-count', String(mostKernels)]; // prettier-ignore
  const own = ['generate', '--models', name, '--rows', String(rows), '--device', device, '--work', work, '--weights', weights, ...(tiny ? ['--tiny'] : [])]; // prettier-ignore
  const { stdout, stderr, error } = spawnSync(ncu, [...look, process.execPath, process.argv[1] ?? '', ...own], { encoding: 'utf8', timeout: 1000 * seconds, maxBuffer: 2 ** 28 }); // prettier-ignore
  const kernels = readKernels(stdout);
  if (kernels.length > 0) return accountKernels(kernels);
  return `ncu: ${error?.message ?? ''} ${stdout.slice(-600)} ${stderr.slice(-600)}`.trim();
}

/** On the PATH, or where NVIDIA installs it. */
function findNcu(): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/cuda/bin'];
  const installed = '/opt/nvidia/nsight-compute';
  if (existsSync(installed)) folders.push(...readdirSync(installed).map((v) => join(installed, v)));
  return folders.map((folder) => join(folder, 'ncu')).find((file) => existsSync(file)) ?? null;
}

function describe(found: KernelAccount | string): string {
  if (typeof found === 'string') return found;
  const most = found.kernels.slice(0, 6).map(({ name, launches, microseconds }) => `${name.slice(0, 60)} ×${launches} ${microseconds.toFixed(0)} µs`); // prettier-ignore
  return `${found.perStep ?? 'all'} kernels, ${found.microseconds.toFixed(0)} µs: ${most.join('; ')}`;
}
