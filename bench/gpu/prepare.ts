/**
 * The stage `prepare`: all that needs no provider of the GPU. Makes the decoders, measures the
 * hardware's bounds, and has PyTorch and the CPU provider answer what the other stages compare with.
 */
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { readGraphFile } from '../../src/runtime/graphFile.js';
import { madeDecoders } from './context.js';
import type { Context } from './context.js';
import { machineTask } from './machine.js';
import { askSubject, comparable, parityTask, readOther, subjects } from './paritySubjects.js';
import type { Subject } from './paritySubjects.js';
import type { ParityRequest } from './readings.js';
import { runReferences } from './reference.js';
import { shapeOf } from './shapes.js';
import { speedTask } from './speed.js';

export async function prepare(context: Context, against: readonly string[]): Promise<void> {
  const asked: { subject: Subject; request: ParityRequest }[] = [];
  const tasks = [machineTask(context)];
  for (const subject of subjects(context)) {
    const { graph } = await readGraphFile(subject.file);
    const request = askSubject(context, subject, inspectDecoder(graph));
    asked.push({ subject, request });
    const torch = comparable(subject, against).filter((other) => other.startsWith('torch'));
    const parity = torch.map((other) => parityTask(context, subject, other));
    // The quick ones first; fp16 before float32, for which the weights are converted in place.
    const speed = subject.kind === 'made' ? [speedTask(context, shapeOf(subject.name), subject.file)] : []; // prettier-ignore
    tasks.push(...parity.filter(({ float32 }) => !float32), ...speed, ...parity.filter(({ float32 }) => float32)); // prettier-ignore
  }
  runReferences(context, tasks);
  for (const { subject, request } of asked) {
    if (!against.includes('cpu')) continue;
    const start = performance.now();
    await readOther(context, subject, { request, other: 'cpu' });
    context.log(`${subject.name} on the CPU: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

/** Makes the decoders and nothing else. */
export function makeAll(context: Context): void {
  for (const { file } of madeDecoders(context)) context.log(`ready: ${file}`);
}
