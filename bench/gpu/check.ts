/**
 * `npm run gpu:check -- <stage> …`: what the lab does on a real GPU, stage by stage, each with its
 * results file. README.md beside this says what each needs and how long it takes.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cudaChecks } from '../../src/runtime/cuda/checks.js';
import { parseDevice } from '../../src/runtime/device.js';
import { writeResult } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import { parity } from './parity.js';
import { profileLoops } from './profileStage.js';
import { speed } from './speed.js';
import { webgpu } from './webgpu.js';

const stages = ['doctor', 'parity', 'profile', 'speed', 'webgpu'] as const;
type Stage = (typeof stages)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'cuda' },
    tiny: { type: 'boolean', default: false },
    work: { type: 'string', default: join(tmpdir(), 'aligner-lab-gpu') },
    out: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    'no-python': { type: 'boolean', default: false },
    models: { type: 'string', default: '' },
    against: { type: 'string', default: 'cpu,torch,torch32' },
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
  out: values.out ?? (values.tiny ? join(values.work, 'results') : 'bench/gpu/results'),
  python: values['no-python'] ? null : values.python,
  models: values.models.split(',').filter((name) => name !== ''),
  log: (line) => process.stdout.write(`${seconds()} s  ${line}\n`),
};

const run: Record<Stage, () => Promise<unknown>> = {
  doctor: async () => {
    const checks = await cudaChecks();
    for (const { name, ok, found } of checks) context.log(`${ok ? 'ok     ' : 'MISSING'} ${name}: ${found}`); // prettier-ignore
    writeResult(context, 'doctor', { machine: describeMachine(context), checks });
  },
  parity: () => parity(context, values.against.split(',')),
  profile: () => profileLoops(context),
  speed: () => speed(context),
  webgpu: () => webgpu(context),
};

for (const name of positionals.length > 0 ? positionals : stages) {
  const stage = stages.find((known) => known === name);
  if (!stage) throw new Error(`gpu: unknown stage "${name}" (expected ${stages.join(', ')})`);
  context.log(`— ${stage}`);
  const result = await run[stage]();
  if (result === false) process.exitCode = 1;
}
