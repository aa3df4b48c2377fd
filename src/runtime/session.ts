/** ONNX Runtime behind plain tensors: the one file that creates and runs sessions. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { reasonOf } from '../text/errorSentence.js';
import type { Device } from './decoder.js';
import { callNative } from './worker/native.js';

export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array;

/** A tensor without a runtime: float16 is held as its bits. */
export interface PlainTensor {
  type: 'float32' | 'float16' | 'int32' | 'int64';
  data: TensorData;
  shape: readonly number[];
}

export type Feeds = Readonly<Record<string, PlainTensor>>;

export interface Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Runs once; feeds the graph has no input for are left out. */
  run(feeds: Feeds, outputs: readonly string[]): Promise<Record<string, PlainTensor>>;
  release(): Promise<void>;
}

export interface SessionOptions {
  device: Device;
  /** Threads within an operator; default: ONNX Runtime's, one per core. */
  threads?: number;
  /** Folder of weights that are stored beside the graph. */
  folder?: string;
  /** Path that ONNX Runtime's profile starts with; it is written when the session is released. */
  profile?: string;
  /**
   * Where the graph is written as it is run on a CPU, and the name of a file beside it for its
   * weights: as they are, and packed for products on this processor.
   */
  save?: { file: string; data: string };
}

/** onnxruntime-node is not there, or not whole. */
export class RuntimeMissing extends Error {
  override readonly name = 'RuntimeMissing';
}

/** What to do where it is not; its own installation downloads libraries that only CUDA needs. */
export const runtimeRemedy =
  'install aligner-lab again, with ONNXRUNTIME_NODE_INSTALL=skip in the environment where api.nuget.org cannot be reached';

/** Opens a session over model bytes. @throws RuntimeMissing where there is no runtime. Errors of the runtime are passed on with their message. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const ort = await loadRuntime();
  // Its log goes to the terminal as it is, names from the file included; what fails is thrown, too.
  // The CUDA provider also warns about every ScatterND, by a logger that no session option reaches:
  // what it warns of cannot be, since checkSteering refuses two patches in one place.
  ort.env.logLevel = 'fatal';
  const session = await callNative(() =>
    ort.InferenceSession.create(model, sessionOptions(options)),
  );
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    release: () =>
      callNative(async () => {
        if (options.profile !== undefined) session.endProfiling();
        await session.release();
      }),
    run: async (feeds, outputs) => {
      const tensors: Record<string, Tensor> = {};
      for (const name of session.inputNames) {
        const feed = feeds[name];
        if (!feed)
          throw new Error(`session: the graph needs an input "${name}" that is not known here`);
        tensors[name] = new ort.Tensor(feed.type, feed.data, feed.shape);
      }
      const results = await callNative(() => session.run(tensors, outputs));
      const plain: Record<string, PlainTensor> = {};
      for (const name of outputs) plain[name] = toPlain(name, results[name]);
      return plain;
    },
  };
}

/** Of onnxruntime-node. @throws RuntimeMissing */
export async function runtimeVersion(): Promise<string> {
  return (await loadRuntime()).env.versions.node ?? 'unknown';
}

function sessionOptions(options: SessionOptions): InferenceSession.SessionOptions {
  const { device, threads, folder, profile, save } = options;
  return {
    executionProviders: [device],
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    ...(save === undefined ? {} : { optimizedModelFilePath: save.file }),
    extra: {
      // The arena grows in powers of two: weights would take up to twice their size on a GPU.
      ...(device === 'cpu' ? {} : { 'session.use_device_allocator_for_initializers': '1' }),
      ...(folder === undefined
        ? {}
        : { 'session.model_external_initializers_file_folder_path': folder }),
      ...(save === undefined
        ? {}
        : {
            'session.optimized_model_external_initializers_file_name': save.data,
            'session.optimized_model_external_initializers_min_size_in_bytes': '1024',
            'session.save_external_prepacked_constant_initializers': '1',
          }),
    },
  };
}

function toPlain(name: string, tensor: Tensor | undefined): PlainTensor {
  if (!tensor) throw new Error(`session: no output "${name}" came back`);
  const { type, data, dims } = tensor;
  const known =
    data instanceof Float32Array ||
    data instanceof Uint16Array ||
    data instanceof Int32Array ||
    data instanceof BigInt64Array;
  if (!known || !isPlainType(type)) {
    throw new Error(
      `session: output "${name}" has type ${type} (expected float32, float16, int32 or int64)`,
    );
  }
  return { type, data, shape: dims };
}

function isPlainType(type: string): type is PlainTensor['type'] {
  return type === 'float32' || type === 'float16' || type === 'int32' || type === 'int64';
}

async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    const reason = reasonOf(cause).split('\n')[0];
    throw new RuntimeMissing(
      `runtime: onnxruntime-node, which runs models, cannot be loaded (${reason}); ${runtimeRemedy}`,
      { cause },
    );
  }
}
