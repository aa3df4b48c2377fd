/** Opens a model file as an engine: reads, hashes and inspects it; instruments it when needed. */
import { inspectDecoder } from '../../onnx/inspect.js';
import type { ExternalWeight } from '../../onnx/externalData.js';
import type { DecoderLayout } from '../../onnx/layout.js';
import { proxyTuned } from '../../onnx/proxy.js';
import { quantise } from '../../onnx/quantise.js';
import { leastLimit } from '../contextLimit.js';
import type { DecoderInfo, Device } from '../decoder.js';
import { resolveDevice } from '../device.js';
import { batchLimits, mostDrafted } from './batchLimits.js';
import type { Portions } from './portions.js';
import { Engine } from './engine.js';
import { buildGraph, wantsLean } from './graphKinds.js';
import type { GraphKind } from './graphKinds.js';
import { fingerprint } from '../fingerprint.js';
import { packedGraph } from '../packedFile.js';
import type { PackedGraph } from '../packedFile.js';
import { readGraph, readPiece } from '../adapterFiles.js';
import { inFile, weightBytes } from '../graphFile.js';
import type { GraphFile } from '../graphFile.js';
import type { WorkerOptions } from '../worker/protocol.js';
import { openSession, RuntimeMissing } from '../session.js';
import type { Session } from '../session.js';
import { reasonOf } from '../../text/errorSentence.js';

export interface OpenedEngine {
  engine: Engine;
  info: DecoderInfo;
}

/** @throws naming the file, where it is not a decoder in ONNX or is damaged; as {@link readGraph}. */
export async function openEngine(options: WorkerOptions): Promise<OpenedEngine> {
  const { file, source, threads, limits, drafts, sharing, portion } = options;
  const read = await readTuned(options);
  const { bytes, graph, folder, weights } = read;
  const device = await resolveDevice(options.device);
  if (device !== 'cpu' && (options.precision ?? 'stored') !== 'stored') {
    throw new Error(
      `load: rounded weights are for a CPU (got ${options.precision} on ${device}); leave the precision out`,
    );
  }
  const layout = layoutOf(file, graph);
  let cached = await inCache(read, device, options);
  let held: Pick<GraphFile, 'graph' | 'folder'> = cached ?? { graph, folder };
  const open = async (kind: GraphKind): Promise<Session> => {
    const model = inFile(file, () => buildGraph(held.graph, kind));
    try {
      return await openSession(model, { device, folder: held.folder, threads });
    } catch (error) {
      if (error instanceof RuntimeMissing) throw error;
      if (cached) {
        // The cache may have been emptied since.
        cached = null;
        held = await readTuned(options);
        return await open(kind);
      }
      const reason = reasonOf(error);
      throw new Error(`model: ONNX Runtime refuses ${file} on ${device}: ${reason}`, {
        cause: error,
      });
    }
  };
  const { layers, width, vocabulary } = layout;
  const sha256 = await fingerprint(bytes, weights);
  const context = leastLimit([options.context, layout.positions.context]) ?? undefined;
  return {
    engine: new Engine({
      layout,
      open,
      now: () => performance.now(),
      lean: wantsLean(device, weightBytes(read)),
      limits: limits ?? batchLimits(device, layout),
      mostDrafted: drafts === undefined ? usualDrafts(device, weightBytes(read), layout) : drafts ? Infinity : 0, // prettier-ignore
      sharing: sharing === undefined ? holdsTwice(device, weightBytes(read)) : sharing && 'always',
      mostPrefilled: sharing === undefined ? usualDrafts(device, weightBytes(read), layout) : sharing ? Infinity : 0, // prettier-ignore
      prefixes: sharing === undefined ? device === 'cpu' : sharing && 'always',
      portions: portion === undefined ? usualPortions(device, weightBytes(read), layout) : { tokens: portion, longest: Infinity }, // prettier-ignore
      context,
      free: device === 'cpu' ? () => process.availableMemory() : undefined,
    }),
    info: { source, sha256, device, layers, width, vocabulary, ...(context && { context }) },
  };
}

/** In a scope of its own: what {@link openEngine} hands on would keep the whole graph. */
function layoutOf(file: string, graph: Uint8Array): DecoderLayout {
  return inFile(file, () => inspectDecoder(graph));
}

/** Smaller ones are opened as fast without a cache, and are held twice for little. */
const leastPacked = 64 * 2 ** 20;

/** The graph with its weights in the cache, where there is one and it is worth its space. */
async function inCache(
  read: GraphFile,
  device: Device,
  { packedWeights, threads }: WorkerOptions,
): Promise<PackedGraph | null> {
  const { folder: cache, least = leastPacked } = packedWeights ?? {};
  if (cache === undefined || device !== 'cpu') return null;
  if (read.graph.length < least) return null;
  return await packedGraph({ cache, graph: read.graph, threads });
}

/** Bytes of weights up to which a CPU holds them in a graph beside the loop. */
const mostHeldTwice = 2 * 2 ** 30;

/**
 * Drafts and shared prefills need graphs beside the loop, each with the weights, and were measured on
 * a CPU only. It follows from the model, never from the machine's memory: last digits differ.
 */
function holdsTwice(device: Device, weights: number): boolean {
  return device === 'cpu' && weights <= mostHeldTwice;
}

function usualDrafts(device: Device, weights: number, layout: DecoderLayout): number {
  return holdsTwice(device, weights) ? mostDrafted(weights, layout) : 0;
}

/** Most sentences have fewer tokens; a longer one goes on with few others. */
const usualPortion = 32;

function usualPortions(
  device: Device,
  weights: number,
  layout: DecoderLayout,
): Portions | undefined {
  if (device !== 'cpu') return undefined;
  return { tokens: usualPortion, longest: mostDrafted(weights, layout) };
}

/** The file as it is, or tuned by two others; `bytes` are what identifies it. */
async function readTuned(options: WorkerOptions): Promise<GraphFile> {
  const { file, adapter, proxy, precision = 'stored' } = options;
  const base = await readGraph({ file, adapter });
  if (precision !== 'stored') {
    if (proxy) throw new Error('load: a proxy-tuned decoder runs as stored; leave precision out');
    const external = (weight: ExternalWeight): Uint8Array => readPiece(base.folder, weight);
    return { ...base, graph: inFile(file, () => quantise(base.graph, { precision, external })) };
  }
  if (proxy === undefined) return base;
  const [expert, antiExpert] = [await readGraph(proxy.expert), await readGraph(proxy.antiExpert)];
  const graph = inFile(file, () =>
    proxyTuned({
      base: base.graph,
      expert: expert.graph,
      antiExpert: antiExpert.graph,
      alpha: proxy.alpha,
    }),
  );
  return { ...base, bytes: graph, graph };
}
