/**
 * `npm run gpu:check -- <stage> …`: what the lab does on a real GPU, stage by stage, each with its
 * results file. README.md beside this says what each needs and how long it takes.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cudaChecks } from '../../src/runtime/cuda/checks.js';
import { parseDevice } from '../../src/runtime/device.js';
import { runCommands } from './commands.js';
import { roomyFolder } from './context.js';
import type { Context } from './context.js';
import { generateOnce, measureKernels } from './kernelStage.js';
import { describeMachine } from './machine.js';
import { parity } from './parity.js';
import { prepare } from './prepare.js';
import { accountBlocking, profileLoops } from './profileStage.js';
import { writeResult } from './results.js';
import { speed } from './speed.js';
import { webgpu } from './webgpu.js';

/** Those that are run where none is named; `blocking` and `generate` are called by others. */
const stages = ['doctor', 'prepare', 'profile', 'speed', 'parity', 'kernels', 'commands', 'webgpu'] as const; // prettier-ignore
type Stage = (typeof stages)[number] | 'blocking' | 'generate';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cuda' },
    tiny: { type: 'boolean', default: false },
    work: { type: 'string', default: join(tmpdir(), 'aligner-lab-gpu') },
    weights: { type: 'string' },
    out: { type: 'string' },
    copy: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    'no-python': { type: 'boolean', default: false },
    models: { type: 'string', default: '' },
    items: { type: 'string', default: '' },
    against: { type: 'string', default: 'cpu,torch,torch32' },
    devices: { type: 'string' },
    merge: { type: 'string' },
    again: { type: 'boolean', default: false },
    rows: { type: 'string', default: '1' },
  },
});

/** Asked not to be computed in TF32: in fp32 the lab promises 1e-4. */
process.env.NVIDIA_TF32_OVERRIDE ??= '0';

const device = parseDevice(values.device);
if (device === 'auto') throw new Error('gpu: name a device (expected cpu, cuda or webgpu)');
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1).padStart(6);
const context: Context = {
  device,
  tiny: values.tiny,
  work: values.work,
  weights: values.weights ?? (values.tiny ? values.work : roomyFolder()),
  out: values.out ?? (values.tiny ? join(values.work, 'results') : 'bench/gpu/results'),
  copy: values.copy ?? null,
  python: values['no-python'] ? null : values.python,
  models: listed(values.models),
  items: listed(values.items),
  again: values.again,
  log: (line) => process.stdout.write(`${seconds()} s  ${line}\n`),
};
/** Of a comma-separated list. */
function listed(names: string): string[] {
  return names.split(',').filter((name) => name !== '');
}

const against = values.against.split(',');
const devices = values.devices?.split(',') ?? [...new Set([device, 'cpu'])];

const run: Record<Stage, () => unknown> = {
  doctor: async () => {
    const checks = await cudaChecks();
    for (const { name, ok, found } of checks) context.log(`${ok ? 'ok     ' : 'MISSING'} ${name}: ${found}`); // prettier-ignore
    writeResult(context, 'doctor', { machine: describeMachine(context), checks });
    return device !== 'cuda' || checks.every(({ name, ok }) => ok || name === 'cudnn');
  },
  prepare: () => prepare(context, against),
  profile: () => profileLoops(context),
  speed: () => speed(context),
  parity: () => parity(context, against),
  kernels: () => measureKernels(context),
  commands: () => runCommands(context, devices, values.merge),
  webgpu: () => webgpu(context),
  blocking: () =>
    accountBlocking(context, (file, steps) => {
      writeFileSync(file, JSON.stringify(steps));
    }),
  generate: () => generateOnce(context, Number(values.rows)),
};

copyEarlier();
for (const name of positionals.length > 0 ? positionals : stages) {
  if (!Object.hasOwn(run, name)) {
    throw new Error(`gpu: unknown stage "${name}" (expected ${stages.join(', ')})`);
  }
  await runStage(name as Stage);
}

/** One stage's error is said, and the next one runs: a later stage may not need what failed. */
async function runStage(stage: Stage): Promise<void> {
  context.log(`— ${stage}`);
  try {
    if ((await run[stage]()) === false) process.exitCode = 1;
  } catch (error) {
    context.log(
      `${stage}: FAILED, ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
    );
    process.exitCode = 1;
  }
}

/** The second folder gets also what earlier runs wrote. */
function copyEarlier(): void {
  const { out, copy } = context;
  if (copy === null || !existsSync(out)) return;
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(out)) {
    if (name.endsWith('.json')) copyFileSync(join(out, name), join(copy, name));
  }
}
