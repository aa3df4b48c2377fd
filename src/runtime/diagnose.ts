/** What this machine has for running models: the checks behind `aligner-lab doctor`. */
import { availableParallelism } from 'node:os';
import { existsSync } from 'node:fs';
import { binaryFolder, cudaLibraries } from './cuda.js';
import type { Device } from './decoder.js';
import { deviceFailure } from './device.js';
import { embeddedModels, listEmbedded } from './modelFiles.js';

export interface Check {
  name: string;
  /** `missing` is no fault: something optional that is not there. */
  status: 'ok' | 'missing' | 'failed';
  detail: string;
}

/** Runs every check; opens one tiny session per device. */
export async function diagnose(): Promise<Check[]> {
  return [
    nodeCheck(),
    await runtimeCheck(),
    ...(await deviceChecks()),
    ...libraryChecks(),
    modelsCheck(),
  ];
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.versions.node} on ${process.platform}/${process.arch}, ${availableParallelism()} cores`;
  return enough
    ? { name: 'node', status: 'ok', detail }
    : { name: 'node', status: 'failed', detail: `${detail} (expected 20.19 or newer)` };
}

async function runtimeCheck(): Promise<Check> {
  const name = 'onnxruntime-node';
  if (!existsSync(binaryFolder())) {
    return { name, status: 'failed', detail: `no binaries for this platform in ${binaryFolder()}` };
  }
  const { env, listSupportedBackends } = await import('onnxruntime-node');
  const providers = listSupportedBackends().map((backend) => backend.name);
  return {
    name,
    status: 'ok',
    detail: `${env.versions.node ?? 'unknown'}, built for ${providers.join(', ')}`,
  };
}

async function deviceChecks(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const device of ['cpu', 'cuda', 'webgpu'] satisfies Device[]) {
    const failure = await deviceFailure(device);
    const status = failure === null ? 'ok' : device === 'cpu' ? 'failed' : 'missing';
    checks.push({ name: device, status, detail: failure ?? 'ran a one-operator model' });
  }
  return checks;
}

function libraryChecks(): Check[] {
  if (process.platform !== 'linux') return [];
  return cudaLibraries().map(({ file, from, path }) => ({
    name: file,
    status: path === null ? 'missing' : 'ok',
    detail: path ?? `not found (${from})`,
  }));
}

function modelsCheck(): Check {
  const models = listEmbedded();
  return models.length > 0
    ? { name: 'embedded models', status: 'ok', detail: models.join(', ') }
    : { name: 'embedded models', status: 'failed', detail: `none in ${embeddedModels}` };
}
