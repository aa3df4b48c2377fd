/**
 * A cache of weights as ONNX Runtime computes with them (onnx/packedWeights.ts). What is opened the
 * second time is neither converted nor packed again, and all sessions of a model, in all processes,
 * share one copy in memory. What goes wrong with the cache costs time, never a result.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { writeAtomic } from '../disk/atomic.js';
import { removeLeftovers, temporarySuffix } from '../disk/leftovers.js';
import { makeFolder } from '../disk/makeFolder.js';
import { addOwnFile, forgetOwnFile } from '../disk/ownFiles.js';
import { ownerMark } from '../disk/owner.js';
import { externalWeights } from '../onnx/externalData.js';
import { inspectDecoder } from '../onnx/inspect.js';
import { instrument } from '../onnx/instrument.js';
import { parseModel } from '../onnx/model.js';
import { mapWeights, packedWeight, packedWeights } from '../onnx/packedWeights.js';
import { Engine } from './engine/engine.js';
import { openSession, runtimeVersion } from './session.js';
import type { SessionOptions } from './session.js';

export interface PackOptions {
  /** Folder of the cache. */
  cache: string;
  /** A decoder, with its weights in it. */
  graph: Uint8Array;
  threads: number | undefined;
  /** Bytes that the cache may take; the longest unused are removed. Default 20 GB. */
  most?: number;
}

/** The decoder with its weights in files of a folder. */
export interface PackedGraph {
  graph: Uint8Array;
  folder: string;
}

const listFile = 'weights.json';
const dataFile = 'weights.bin';
const usualMost = 20e9;
/** The file holds each weight twice, and float16 as float32. */
const growth = 5;

const listShape = z.strictObject({ size: z.int().nonnegative(), weights: z.array(packedWeight) });

/**
 * Null where weights lie in other files, there is no room, or something fails: then they are held as
 * without a cache.
 */
export async function packedGraph(options: PackOptions): Promise<PackedGraph | null> {
  const { cache, graph, most = usualMost } = options;
  try {
    if (externalWeights(parseModel(graph).model).length > 0) return null;
    const folder = join(cache, await keyOf(graph));
    const known = await readList(folder);
    if (known === null) await rm(folder, { recursive: true, force: true });
    const list = known ?? (await pack(folder, options));
    if (list === null || list.weights.length === 0) return null;
    await utimes(join(folder, listFile), new Date(), new Date()).catch(() => undefined);
    if (known === null) await makeRoom(cache, folder, most);
    return { graph: mapWeights(graph, list.weights, dataFile), folder };
  } catch {
    return null;
  }
}

/** Of the model and of all that the packed form depends on: the runtime and the processor. */
async function keyOf(graph: Uint8Array): Promise<string> {
  const about = { format: 1, runtime: await runtimeVersion(), processor: processor() };
  return createHash('sha256').update(JSON.stringify(about)).update(graph).digest('hex');
}

function processor(): string {
  let flags = '';
  try {
    flags = /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '';
  } catch {
    // Not on this system.
  }
  return `${arch()} ${cpus()[0]?.model ?? ''} ${flags}`;
}

type List = z.infer<typeof listShape>;

/** Null where there is none, or it is damaged. */
async function readList(folder: string): Promise<List | null> {
  try {
    const list = listShape.parse(JSON.parse(await readFile(join(folder, listFile), 'utf8')));
    if (list.weights.length === 0) return list;
    return (await stat(join(folder, dataFile))).size === list.size ? list : null;
  } catch {
    return null;
  }
}

/** Makes the folder, whole or not at all. A list without weights: this model cannot be packed. */
async function pack(folder: string, options: PackOptions): Promise<List | null> {
  const { cache, graph } = options;
  await makeFolder(cache);
  await removeLeftovers(cache);
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize < growth * graph.length) return null;
  const draft = `${folder}-${ownerMark()}${temporarySuffix}`;
  addOwnFile(draft);
  try {
    await makeFolder(draft);
    const list = await write(draft, options);
    await writeAtomic(join(draft, listFile), JSON.stringify(list), 'cache');
    await rename(draft, folder).catch(async (error: unknown) => {
      // Another process was first.
      if ((await readList(folder)) === null) throw error;
    });
    return list;
  } finally {
    await rm(draft, { recursive: true, force: true });
    forgetOwnFile(draft);
  }
}

/** Writes the weights and tries them: ONNX Runtime packs some kinds that it cannot read again. */
async function write(draft: string, { graph, threads }: PackOptions): Promise<List> {
  const how = { device: 'cpu' as const, ...(threads !== undefined && { threads }) };
  const [file, data] = [join(draft, 'saved.onnx'), join(draft, dataFile)];
  const plain = await tried(graph, { ...how, save: { file, data: dataFile } });
  const list = existsSync(data) ? await listOf(graph, await readFile(file), data) : none;
  await rm(file);
  const mapped = mapWeights(graph, list.weights, dataFile);
  const packed = await tried(mapped, { ...how, folder: draft }).catch(() => null);
  if (packed !== null && isDeepStrictEqual(plain, packed)) return list;
  await rm(data, { force: true });
  return none;
}

const none: List = { size: 0, weights: [] };

/** What a decoder says to prompts of one token and of many, which are multiplied in other ways. */
async function tried(graph: Uint8Array, options: SessionOptions): Promise<unknown> {
  const layout = inspectDecoder(graph);
  const forward = instrument(graph).model;
  const engine = new Engine({
    layout,
    open: () => openSession(forward, options),
    now: () => performance.now(),
  });
  const many = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % layout.vocabulary);
  const nothing = (): Promise<void> => Promise.resolve();
  try {
    const rows: unknown[] = [];
    for (const prompt of [[1 % layout.vocabulary], many]) {
      const last = [[prompt.length - 1]];
      rows.push(await engine.forward({ tokens: [prompt], states: last, logits: last }, nothing));
    }
    return rows;
  } finally {
    await engine.release();
  }
}

async function listOf(graph: Uint8Array, saved: Uint8Array, data: string): Promise<List> {
  const { size } = await stat(data);
  const file = openSync(data, 'r');
  try {
    const weights = packedWeights(graph, saved, (offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    });
    return { size, weights };
  } finally {
    closeSync(file);
  }
}

/** Removes what was not used for longest. A process that has it open keeps it until it ends. */
async function makeRoom(cache: string, kept: string, most: number): Promise<void> {
  const entries: { folder: string; size: number; used: number }[] = [];
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const data = await stat(join(folder, dataFile)).catch(() => null);
    const list = await stat(join(folder, listFile)).catch(() => null);
    if (data && list) entries.push({ folder, size: data.size, used: list.mtimeMs });
  }
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { folder, size } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= most) return;
    if (folder === kept) continue;
    await rm(folder, { recursive: true, force: true });
    total -= size;
  }
}
