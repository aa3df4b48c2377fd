/** What `doctor` looks at: each check says what it found and, where it fails, what to do. */
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { inspectDecoder } from '../onnx/inspect.js';
import { findBrowser } from '../plot/page/browser.js';
import { installedVersions } from '../record/versions.js';
import { cudaChecks } from '../runtime/cuda/checks.js';
import type { Device } from '../runtime/decoder.js';
import { deviceFailure } from '../runtime/device.js';
import { inFile, readGraphFile } from '../runtime/graphFile.js';
import { configuredLimit, leastLimit } from '../runtime/contextLimit.js';
import { findModel, foldersIn, listEmbedded } from '../runtime/modelFiles.js';
import { embeddedFolders, howToInstall, inModelsPackage, modelsPackage } from '../runtime/modelsPackage.js'; // prettier-ignore
import { runtimeRemedy } from '../runtime/session.js';
import { loadTokenizer } from '../runtime/tokenizer.js';
import type { Io } from './io.js';
import { reasonOf } from '../text/errorSentence.js';

export interface Check {
  name: string;
  ok: boolean;
  /** Whether the lab works without it. */
  optional: boolean;
  /** What was found, or what is wrong and the remedy. */
  found: string;
}

const leastNode = [20, 19] as const;

/** All checks, one after the other; they change nothing. */
export async function* checkAll({ cwd, env }: Pick<Io, 'cwd' | 'env'>): AsyncGenerator<Check> {
  yield checkNode(process.versions.node);
  for (const [name, version] of Object.entries(installedVersions())) {
    if (name !== 'node') yield checkPackage(name, version);
  }
  yield { name: 'cores', ok: true, optional: true, found: String(availableParallelism()) };
  for (const device of ['cpu', 'webgpu'] as const) yield await checkDevice(device);
  for (const check of await cudaChecks()) {
    yield { ...check, name: `cuda: ${check.name}`, optional: true };
  }
  yield* checkModels();
  yield checkBrowser(env);
  yield await checkWritable(cwd);
}

/** @param version e.g. `20.19.0` */
function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  const found = ok ? version : `${version}; install Node ${leastNode.join('.')} or later`;
  return { name: 'node', ok, optional: false, found };
}

function checkPackage(name: string, version: string): Check {
  const ok = version !== 'not installed';
  return { name, ok, optional: false, found: ok ? version : `${version}; ${runtimeRemedy}` };
}

async function checkDevice(device: Device): Promise<Check> {
  const failure = await deviceFailure(device);
  const found = failure ?? 'a one-operator model ran on it';
  return { name: `device ${device}`, ok: failure === null, optional: device !== 'cpu', found };
}

/** @param embedded folders of the embedded models */
export async function* checkModels(embedded = embeddedFolders('models')): AsyncGenerator<Check> {
  const here = listEmbedded(embedded);
  for (const name of here) yield await checkModel(name, findModel(name, embedded));
  const packaged = inModelsPackage.models.filter((name) => !here.includes(name));
  const others: readonly string[] = [...here, ...packaged];
  // A checkout may hold some of them only: those that are there are enough to work with.
  for (const name of new Set(foldersIn(embedded).map((folder) => basename(folder)))) {
    if (others.includes(name)) continue;
    const found = 'its weights are not here; reinstall the package if you need it';
    yield { name: `model ${name}`, ok: false, optional: true, found };
  }
  if (packaged.length > 0) {
    const found = `${packaged.length} other models are not here; ${howToInstall}`;
    yield { name: modelsPackage, ok: false, optional: true, found };
  }
  if (here.length > 0) return;
  const found = `none in ${embedded.join(', ')}; reinstall the package, or give --corrector`;
  yield { name: 'embedded models', ok: false, optional: false, found };
}

/** That its graph can be read and its tokenizer loads. */
async function checkModel(
  name: string,
  { file, folder }: ReturnType<typeof findModel>,
): Promise<Check> {
  const check = { name: `model ${name}`, optional: false };
  try {
    const { graph } = await readGraphFile(file);
    const layout = inFile(file, () => inspectDecoder(graph));
    const { layers, width, vocabulary } = layout;
    const limit = leastLimit([configuredLimit(folder), layout.positions.context]);
    await loadTokenizer(folder);
    const long = limit ? `, ${limit.positions} positions` : '';
    const found = `${layers} layers, width ${width}, vocabulary ${vocabulary}${long}`;
    return { ...check, ok: true, found };
  } catch (error) {
    return { ...check, ok: false, found: reasonOf(error) };
  }
}

/** What draws PNG, SVG and PDF. */
function checkBrowser(env: Io['env']): Check {
  const check = { name: 'browser for png, svg and pdf', optional: true };
  try {
    return { ...check, ok: true, found: findBrowser({ env }) };
  } catch (error) {
    return { ...check, ok: false, found: reasonOf(error) };
  }
}

/** That run folders can be made here. */
async function checkWritable(cwd: string): Promise<Check> {
  const check = { name: 'run folders', optional: true };
  try {
    await access(cwd, constants.W_OK);
    const runs = existsSync(`${cwd}/runs`) ? 'runs/ is there' : 'runs/ will be made';
    return { ...check, ok: true, found: `${cwd} can be written (${runs})` };
  } catch {
    return { ...check, ok: false, found: `${cwd} cannot be written; give --out <folder>` };
  }
}
