/** The stage `profile`: where the nodes of the generation loop run, and what is copied inside it. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { madeDecoders, readJson, workFile, writeResult } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import { nothing, openModel } from './model.js';
import { summariseProfile } from './profile.js';
import type { ProfileEvent } from './profile.js';

const providers = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
} as const;

/** @returns whether no node of a loop copies, and all run on the device's provider */
export async function profileLoops(context: Context): Promise<boolean> {
  const results: object[] = [];
  let clean = true;
  for (const { shape, file } of madeDecoders(context)) {
    const prefix = workFile(context, 'profile', `${shape.name}-${context.device}-`);
    removeOld(prefix);
    const { engine } = await openModel(file, { device: context.device, profile: prefix });
    const prompts = [tokens(20, shape.vocabulary), tokens(13, shape.vocabulary)];
    await engine.generate({ prompts, maxNewTokens: 8, stop: [] }, nothing);
    await engine.release();
    const events = old(prefix).flatMap((path) => readJson<ProfileEvent[]>(path));
    const summary = summariseProfile(events, providers[context.device]);
    const ok =
      Object.keys(summary.copiesInLoop).length + Object.keys(summary.elsewhere).length === 0;
    clean &&= ok && summary.iterations > 0;
    context.log(`${shape.name}: ${summary.iterations} iterations, copies inside ${JSON.stringify(summary.copiesInLoop)}, elsewhere ${JSON.stringify(summary.elsewhere)}`); // prettier-ignore
    results.push({ name: shape.name, ok, ...summary });
    writeResult(context, 'profile', { machine: describeMachine(context), decoders: results });
  }
  return clean;
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
