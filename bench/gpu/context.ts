/** What every stage is given, and the ways it reaches Python and writes results. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../src/runtime/decoder.js';
import { makeDecoder } from './decoder.js';
import { shapeOf } from './shapes.js';
import type { DecoderShape } from './shapes.js';

export interface Context {
  device: Device;
  /** Small shapes, few repeats: tries the whole check on a CPU. */
  tiny: boolean;
  /** Where decoders and intermediate files lie; it may hold 22 GB. */
  work: string;
  /** Where results go. */
  out: string;
  /** The Python that has torch and transformers; null: leave PyTorch out. */
  python: string | null;
  /** Names of decoders; default: all of the size asked for. */
  models: readonly string[];
  log: (line: string) => void;
}

/** The project's folder, from `build/bench/gpu/` and `bench/gpu/` alike. */
const root = fileURLToPath(import.meta.url).split(/\/(?:build\/)?bench\/gpu\//)[0] ?? '.';

/** Where the embedded models lie; the program beside this file is not in the project's root. */
export const embeddedFolder = join(root, 'artifacts', 'models');

/** Writes `<stage>.json` and keeps what other stages wrote. */
export function writeResult(context: Context, stage: string, result: object): void {
  mkdirSync(context.out, { recursive: true });
  const file = join(context.out, `${stage}-${context.device}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  context.log(`${stage}: wrote ${file}`);
}

/** Seconds of making, and the ONNX file, of each decoder. */
export function* madeDecoders(context: Context): Generator<{ shape: DecoderShape; file: string }> {
  const known = context.tiny ? ['gemma-tiny', 'llama-tiny'] : ['gemma-2b', 'llama-8b'];
  for (const name of context.models.length > 0 ? context.models : known) {
    const shape = shapeOf(name);
    const start = performance.now();
    const file = makeDecoder(shape, join(context.work, 'models'));
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    context.log(`${name}: ${file}, ${seconds} s to make`);
    yield { shape, file };
  }
}

/** Path of a file in the work folder, with its folder made. */
export function workFile(context: Context, ...parts: string[]): string {
  const file = join(context.work, ...parts);
  mkdirSync(join(file, '..'), { recursive: true });
  return file;
}

/** Runs reference.py, unless its output is there. Python's own output goes to the log's stream. */
export function runReference(
  context: Context,
  what: 'machine' | 'parity' | 'speed',
  {
    request,
    out,
    made,
    more = [],
  }: { request?: string; out: string; made: string; more?: string[] },
): void {
  if (context.python === null || existsSync(made)) return;
  const script = join(root, 'bench', 'gpu', 'reference.py');
  const given = request === undefined ? [] : ['--request', request];
  const device = context.device === 'cuda' ? 'cuda' : 'cpu';
  execFileSync(
    context.python,
    [script, what, '--device', device, ...given, ...more, '--out', out],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
