/** Opens a model file as an engine: reads, hashes and inspects it; instruments it when needed. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inspectDecoder } from '../onnx/inspect.js';
import { instrument } from '../onnx/instrument.js';
import { instrumentLoop } from '../onnx/loop.js';
import type { DecoderInfo } from './decoder.js';
import { resolveDevice } from './device.js';
import { Engine } from './engine.js';
import type { WorkerOptions } from './protocol.js';
import { openSession } from './session.js';
import type { Session } from './session.js';
import { followWeightLinks } from './weights.js';

export interface OpenedEngine {
  engine: Engine;
  info: DecoderInfo;
}

/** @throws naming the file, where it is not a decoder in ONNX or is damaged. */
export async function openEngine(options: WorkerOptions): Promise<OpenedEngine> {
  const { file, source, threads, limits } = options;
  const bytes = await readFile(file);
  const device = await resolveDevice(options.device);
  const layout = named(file, () => inspectDecoder(bytes));
  const placed = await followWeightLinks(file, bytes);
  const open = async (graph: 'forward' | 'loop'): Promise<Session> => {
    const { model } = named(file, () =>
      graph === 'loop' ? instrumentLoop(placed.bytes) : instrument(placed.bytes),
    );
    try {
      return await openSession(model, {
        device,
        folder: placed.folder,
        ...(threads === undefined ? {} : { threads }),
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`model: ONNX Runtime refuses ${file} on ${device}: ${reason}`, {
        cause: error,
      });
    }
  };
  const { layers, width, vocabulary } = layout;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    engine: new Engine({
      layout,
      open,
      now: () => performance.now(),
      ...(limits === undefined ? {} : { limits }),
    }),
    info: { source, sha256, device, layers, width, vocabulary },
  };
}

/** Names the file in errors about its content. */
function named<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason} (in ${file})`, { cause: error });
  }
}
