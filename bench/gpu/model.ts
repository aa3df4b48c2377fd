/** A decoder opened in this thread, as the measurements want it: with a profile, or as a plain loop. */
import { dirname } from 'node:path';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import type { DecoderLayout } from '../../src/onnx/layout.js';
import type { BatchLimits } from '../../src/runtime/engine/batches.js';
import type { Device } from '../../src/runtime/decoder.js';
import { Engine } from '../../src/runtime/engine/engine.js';
import { buildGraph, wantsLean } from '../../src/runtime/engine/graphKinds.js';
import { readGraphFile, weightBytes } from '../../src/runtime/graphFile.js';
import { openSession } from '../../src/runtime/session.js';
import type { Session } from '../../src/runtime/session.js';
import { plainLoop } from './plainLoop.js';

export interface OpenModel {
  engine: Engine;
  layout: DecoderLayout;
  /** The loop around the decoder as it was exported. */
  openPlainLoop: () => Promise<Session>;
  /** The decoder as it was exported. */
  openUntouched: () => Promise<Session>;
}

export const nothing = (): Promise<void> => Promise.resolve();

export async function openModel(
  file: string,
  { device, profile, limits }: { device: Device; profile?: string; limits?: BatchLimits },
): Promise<OpenModel> {
  const read = await readGraphFile(file);
  const { graph } = read;
  const layout = inspectDecoder(graph);
  const session = (model: Uint8Array): Promise<Session> =>
    openSession(model, { device, folder: dirname(file), profile });
  const engine = new Engine({
    layout,
    open: (kind) => session(buildGraph(graph, kind)),
    now: () => performance.now(),
    lean: wantsLean(device, weightBytes(read)),
    limits,
  });
  const openPlainLoop = (): Promise<Session> => session(plainLoop(graph));
  return { engine, layout, openPlainLoop, openUntouched: () => session(graph) };
}
