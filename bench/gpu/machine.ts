/** Says on what the measurements were made, and what the hardware allows. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { env } from 'onnxruntime-node';
import type { Ceilings } from './bounds.js';
import { readJson, workFile } from './context.js';
import type { Context } from './context.js';
import { runReferences } from './reference.js';
import type { ReferenceTask } from './reference.js';

export interface Machine {
  node: string;
  onnxruntime: string;
  processor: string;
  cores: number;
  /** GiB */
  memory: number;
  /** `name, driver, memory` as nvidia-smi says; null without it. */
  gpu: string | null;
  /** Of PyTorch's side: its versions, CUDA, cuDNN, and the ceilings measured there. */
  torch: (Ceilings & Record<string, unknown>) | null;
}

export function machineTask(context: Context): ReferenceTask & { out: string } {
  const file = workFile(context, `machine-${context.device}.json`);
  return { what: 'machine', out: file, made: file };
}

export function describeMachine(context: Context): Machine {
  const task = machineTask(context);
  runReferences(context, [task]);
  return {
    node: process.versions.node,
    onnxruntime: env.versions.node ?? 'unknown',
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    gpu: context.device === 'cpu' ? null : nvidiaSmi(),
    torch: existsSync(task.out) ? readJson(task.out) : null,
  };
}

let said: string | null | undefined;

/** Asked once: it takes a second where the driver is not kept loaded. */
function nvidiaSmi(): string | null {
  if (said !== undefined) return said;
  const query = '--query-gpu=name,driver_version,memory.total';
  try {
    const text = execFileSync('nvidia-smi', [query, '--format=csv,noheader'], { encoding: 'utf8' });
    said = text.trim();
  } catch {
    said = null;
  }
  return said;
}
