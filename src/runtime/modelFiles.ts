/** From a model's name to its files. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { elsewhere, embeddedFolders, ownFolder } from './modelsPackage.js';

/** Places of the decoder inside a model folder, best first. Full precision before reduced. */
export const decoderFiles = [
  'onnx/model.onnx',
  'model.onnx',
  'onnx/decoder_model_merged.onnx',
  'decoder_model_merged.onnx',
  'onnx/decoder_with_past_model.onnx',
  'decoder_with_past_model.onnx',
  'onnx/model_fp16.onnx',
  'model_fp16.onnx',
] as const;

/** Those of this package: `artifacts/models/`. */
export const embeddedModels = ownFolder('models');

export interface ModelFiles {
  /** Short name for records and figures. */
  name: string;
  /** Folder of the tokenizer and the configuration. */
  folder: string;
  /** The ONNX file. */
  file: string;
  /** Where it comes from, for records: the folder, or `org/name@commit` of the hub. */
  source: string;
  /** Folder of a LoRA adapter that is put on its weights while it is loaded. */
  adapter?: string;
}

/**
 * Finds a model on this machine: an embedded model's name, a folder, or an `.onnx` file.
 * @throws saying every place that was looked at.
 */
export function findModel(
  model: string,
  embedded: string | readonly string[] = embeddedFolders('models'),
): ModelFiles {
  const looked: string[] = [];
  for (const path of localPlaces(model, embedded)) {
    if (!existsSync(path)) {
      looked.push(path);
    } else if (statSync(path).isFile()) {
      const folder = folderOf(path);
      return { name: basename(path).replace(/\.onnx$/, ''), folder, file: path, source: folder };
    } else {
      const files = decoderFiles.map((file) => join(path, file));
      const file = files.find((candidate) => existsSync(candidate));
      if (file) return { name: basename(path), folder: path, file, source: path };
      looked.push(...files);
    }
  }
  const other = elsewhere(model, 'models');
  if (other !== null) throw new Error(`model: ${other}`);
  throw new Error(
    `model: nothing found for "${model}"; looked for\n${looked.map((path) => `  ${path}`).join('\n')}\n` +
      `Embedded models: ${listEmbedded(embedded).join(', ') || 'none'}. Give one of these names, a folder with onnx/model.onnx, an .onnx file, or org/name of the Hugging Face hub.`,
  );
}

/** Paths that a model's name can stand for on this machine, best first. */
export function localPlaces(
  model: string,
  embedded: string | readonly string[] = embeddedFolders('models'),
): string[] {
  return [resolve(model), ...[embedded].flat().map((folder) => join(folder, model))];
}

/** Names of the embedded models that are here, sorted. */
export function listEmbedded(
  embedded: string | readonly string[] = embeddedFolders('models'),
): string[] {
  const named = foldersIn(embedded).filter((folder) =>
    decoderFiles.some((file) => existsSync(join(folder, file))),
  );
  return [...new Set(named.map((folder) => basename(folder)))].sort();
}

/** A checkout, and the cards of a package, may lack the weights of some. */
export function foldersIn(embedded: string | readonly string[]): string[] {
  const there = [embedded].flat().filter((folder) => existsSync(folder));
  return there.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name)),
  );
}

/** The folder with the configuration: the file's own, or the one above `onnx/`. */
function folderOf(file: string): string {
  const own = dirname(file);
  const configured =
    existsSync(join(own, 'config.json')) || existsSync(join(own, 'tokenizer.json'));
  return !configured && basename(own) === 'onnx' ? dirname(own) : own;
}

/** Bytes of a model: its ONNX file and the weights beside it. */
export function modelSize(file: string): number {
  const folder = dirname(file);
  const parts = readdirSync(folder).filter((name) => name.startsWith(basename(file)));
  // Links may lead nowhere; whether the model is whole is not asked here.
  const sizeOf = (name: string): number =>
    statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return parts.reduce((sum, name) => sum + sizeOf(name), 0);
}
