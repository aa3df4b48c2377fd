/** PyTorch's side: reference.py, run once for all that is asked, since it takes long to start. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, workFile } from './context.js';
import type { Context } from './context.js';

export interface ReferenceTask {
  what: 'machine' | 'parity' | 'speed';
  /** JSON file that says what is asked; none for `machine`. */
  request?: string;
  out: string;
  /** The file that is there once it is done; what is there is not done again. */
  made: string;
  /** fp16 weights, computed in float32. */
  float32?: boolean;
}

/**
 * Runs what is not there yet, in the order given; tasks of one decoder share its weights. A task
 * that fails leaves no file, and its error on stderr; the others run.
 */
export function runReferences(context: Context, tasks: readonly ReferenceTask[]): void {
  const missing = tasks.filter(({ made }) => !existsSync(made));
  if (context.python === null || missing.length === 0) return;
  const file = workFile(context, 'reference-tasks.json');
  writeFileSync(file, JSON.stringify(missing));
  const script = join(root, 'bench', 'gpu', 'reference.py');
  const device = context.device === 'cuda' ? 'cuda' : 'cpu';
  try {
    execFileSync(context.python, [script, '--device', device, '--tasks', file], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (error) {
    context.log(`PyTorch: ${error instanceof Error ? error.message : String(error)}`);
  }
}
