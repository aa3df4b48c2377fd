/** The stage `webgpu`: what of the lab runs on the WebGPU provider, and how near it is to the CPU. */
import { deviceFailure } from '../../src/runtime/device.js';
import { relativeDifference } from './bounds.js';
import { embeddedFolder, madeDecoders, workFile } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import { openModel } from './model.js';
import { makeRequest, readAll } from './readings.js';
import type { Readings } from './readings.js';
import { writeResult } from './results.js';
import { findModel } from '../../src/runtime/modelFiles.js';

const embedded = ['corrector-arithmetic-s', 'corrector-arithmetic-m'];

/** Each model either has its differences, or the error that refused it. */
export async function webgpu(context: Context): Promise<void> {
  const failure = await deviceFailure('webgpu');
  context.log(failure ?? 'webgpu: a one-operator model ran');
  const results: object[] = [];
  if (failure === null) {
    const made = [...madeDecoders({ ...context, tiny: true, models: [] })];
    const files = [
      ...embedded.map((name) => ({ name, file: findModel(name, embeddedFolder).file })),
      ...made.map(({ shape, file }) => ({ name: shape.name, file })),
    ];
    for (const { name, file } of files) {
      const result = await tryModel(context, name, file);
      context.log(`${name}: ${JSON.stringify(result)}`);
      results.push({ name, ...result });
    }
  }
  writeResult({ ...context, device: 'webgpu' }, 'webgpu', {
    machine: describeMachine({ ...context, python: null }),
    failure,
    models: results,
  });
}

async function tryModel(
  context: Context,
  name: string,
  file: string,
): Promise<{ differences: Record<string, number>; sameTokens: boolean } | { error: string }> {
  const directions = workFile(context, 'webgpu', name, 'directions.f32');
  const read = async (device: 'cpu' | 'webgpu'): Promise<Readings> => {
    const { engine, layout } = await openModel(file, { device });
    const request = makeRequest(layout, { kind: 'embedded', weights: file, directions });
    const readings = await readAll(engine, request);
    await engine.release();
    return readings;
  };
  try {
    const [ours, theirs] = [await read('webgpu'), await read('cpu')];
    const differences = [...theirs.arrays].map(
      ([part, values]) => [part, relativeDifference(ours.arrays.get(part) ?? [], values)] as const,
    );
    const sameTokens = JSON.stringify(ours.tokens) === JSON.stringify(theirs.tokens);
    return { differences: Object.fromEntries(differences), sameTokens };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
