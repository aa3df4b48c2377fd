/** Which device a model runs on, and why another cannot be used. Never a silent fallback. */
import { create } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType,
} from 'onnx-buf';
import { GraphWriter, valueInfo } from '../onnx/build.js';
import { serializeModel } from '../onnx/model.js';
import { cudaLibraries, missingCudaMessage } from './cuda/libraries.js';
import type { Device } from './decoder.js';
import { devices } from './devices.js';
import type { RequestedDevice } from './worker/protocol.js';
import { openSession, RuntimeMissing } from './session.js';
import { reasonOf } from '../text/errorSentence.js';

/** @throws listing the devices, where the name is none of them. */
export function parseDevice(name: string): RequestedDevice {
  const device = devices.find((known) => known === name);
  if (device) return device;
  throw new Error(`device: unknown device "${name}" (expected ${devices.join(', ')})`);
}

/**
 * The device to run on. `auto` is cuda where it is usable, else cpu.
 * @throws where the one asked for cannot be used, naming what is missing and how to install it.
 */
export async function resolveDevice(requested: RequestedDevice): Promise<Device> {
  if (requested === 'cpu') return 'cpu';
  if (requested === 'auto') {
    const failure = await deviceFailure('cuda');
    return failure === null ? 'cuda' : 'cpu';
  }
  const failure = await deviceFailure(requested);
  if (failure !== null) throw new Error(failure);
  return requested;
}

/** Why a device cannot be used; null where a one-operator model ran on it. */
export async function deviceFailure(device: Device): Promise<string | null> {
  try {
    const missing = device === 'cuda' ? cudaLibraries().filter(({ path }) => path === null) : [];
    if (missing.length > 0) return missingCudaMessage(missing);
  } catch (error) {
    return `${reasonOf(error)}, or use --device cpu`;
  }
  try {
    await addOnDevice(device);
    return null;
  } catch (error) {
    if (error instanceof RuntimeMissing) return error.message;
    const reason = reasonOf(error);
    return `device: ${device} cannot be used, ONNX Runtime says: ${reason.trim()}; use --device cpu`;
  }
}

/** Runs x + x on the device and checks the sum. */
async function addOnDevice(device: Device): Promise<void> {
  const session = await openSession(additionModel(), { device, threads: 1 });
  const x = { type: 'float32', data: Float32Array.of(1, 2), shape: [2] } as const;
  const { sum } = await session.run({ x }, ['sum']);
  await session.release();
  if (sum?.data[0] !== 2 || sum.data[1] !== 4) throw new Error('1 + 1 did not give 2');
}

/** A model of one operator, `sum = x + x`, float32 `[2]`. */
function additionModel(): Uint8Array {
  const writer = new GraphWriter('probe');
  writer.node('Add', ['x', 'x'], { outputs: ['sum'] });
  const graph = create(GraphProtoSchema, {
    name: 'addition',
    node: writer.nodes,
    input: [valueInfo('x', TensorProto_DataType.FLOAT, [2])],
    output: [valueInfo('sum', TensorProto_DataType.FLOAT, [2])],
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 17n })];
  return serializeModel(create(ModelProtoSchema, { irVersion: 8n, graph, opsetImport }));
}
