/** LoRA adapters on this machine: their folders, and a model's graph with one in its weights. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { applyAdapter } from '../onnx/adapter/apply.js';
import { readAdapter } from '../onnx/adapter/file.js';
import type { ExternalWeight } from '../onnx/externalData.js';
import { inFile, readGraphFile, type GraphFile } from './graphFile.js';
import { foldersIn, type ModelFiles } from './modelFiles.js';
import { decodeUtf8 } from '../text/utf8.js';
import { elsewhere, embeddedFolders, ownFolder } from './modelsPackage.js';

/** Embedded adapters: `artifacts/adapters/` of a checkout. */
export const embeddedAdapters = ownFolder('adapters');

const [configFile, weightsFile] = ['adapter_config.json', 'adapter_model.safetensors'] as const;
/** An adapter is small beside its model; rank 256 of 8 billion parameters takes 2.7 GB in fp32. */
const mostBytes = 2 ** 31 - 1;

/** A model's ONNX file, and the folder of an adapter where one is put on it. */
export type ModelPart = Pick<ModelFiles, 'file' | 'adapter'>;

/** Whether a name is an adapter's: a folder with its configuration, or an embedded one. */
export function isAdapter(name: string): boolean {
  return placesOf(name).some((folder) => existsSync(join(folder, configFile)));
}

/**
 * The same model with an adapter to be put on it; it is called `model+adapter` from then on.
 * @param name folder with `adapter_config.json` and `adapter_model.safetensors`, or an embedded one
 * @throws where there is no such adapter, or the model has one already
 */
export function withAdapter(model: ModelFiles, name: string): ModelFiles {
  if (model.adapter !== undefined) {
    throw new Error(
      `adapter: ${model.name} has an adapter already (got ${name} as well); merge one of them with PEFT`,
    );
  }
  const adapter = findAdapter(name);
  return {
    ...model,
    name: `${model.name}+${basename(adapter)}`,
    source: `${model.source}+${adapter}`,
    adapter,
  };
}

function findAdapter(name: string): string {
  const places = placesOf(name);
  const folder = places.find((place) => existsSync(join(place, configFile)));
  if (folder === undefined) {
    const other = elsewhere(name, 'adapters');
    if (other !== null) throw new Error(`adapter: ${other}`);
    const folders = foldersIn(embeddedFolders('adapters'));
    const known = folders.map((path) => basename(path)).sort().join(', ') || 'none'; // prettier-ignore
    throw new Error(
      `adapter: nothing found for "${name}"; looked for ${configFile} in ${places.join(' and ')}. Embedded adapters: ${known}. Give one of these names, or a folder that PEFT saved; one of the Hugging Face hub is downloaded first with \`hf download\`.`,
    );
  }
  if (existsSync(join(folder, weightsFile))) return folder;
  const pickled = existsSync(join(folder, 'adapter_model.bin'));
  throw new Error(
    `adapter: ${folder} has no ${weightsFile}${pickled ? ', only adapter_model.bin, which would run code; save it with safe_serialization' : '; download it again'}`,
  );
}

function placesOf(name: string): string[] {
  return [resolve(name), ...embeddedFolders('adapters').map((folder) => join(folder, name))];
}

/** The files of an adapter that decide what a model with it is. */
export function adapterPaths(folder: string): [config: string, weights: string] {
  return [join(folder, configFile), join(folder, weightsFile)];
}

/**
 * Reads a model's graph, with its adapter in the weights where it has one. `bytes` is the file as
 * it is; the adapter's files count among `weights`, and so for the model's identity.
 * @throws as {@link readGraphFile}, `readAdapter` and `applyAdapter`, naming the files
 */
export async function readGraph({ file, adapter: folder }: ModelPart): Promise<GraphFile> {
  const base = await readGraphFile(file);
  if (folder === undefined) return base;
  const paths = adapterPaths(folder);
  for (const path of paths) await checkFile(path);
  const config = await readFile(paths[0]);
  const files = {
    config: configText(paths[0], config),
    weights: await readFile(paths[1]),
  };
  const adapter = readAdapter(files, `adapter ${folder}`);
  const external = (weight: ExternalWeight): Uint8Array => readPiece(base.folder, weight);
  const graph = inFile(file, () => applyAdapter(base.graph, { adapter, external }));
  return { ...base, graph, weights: [...base.weights, ...paths] };
}

function configText(path: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new Error(`adapter: ${path} is not a text in UTF-8; download it again`, { cause });
  }
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isFile() && found.size <= mostBytes) return;
  throw new Error(
    `adapter: ${path} is no file of at most ${mostBytes} bytes (got ${found.size}); download it again`,
  );
}

/** Bytes of a weight beside the graph, whose file was checked before to hold so much. */
export function readPiece(
  folder: string,
  { location, offset, length }: ExternalWeight,
): Uint8Array {
  const file = openSync(join(folder, location), 'r');
  try {
    const bytes = new Uint8Array(length);
    const read = readSync(file, bytes, 0, length, offset);
    if (read === length) return bytes;
    throw new Error(`model: ${location} ends too soon (expected ${length} bytes, got ${read})`);
  } finally {
    closeSync(file);
  }
}
