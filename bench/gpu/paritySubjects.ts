/** The models of the stage `parity`, what each is asked, and the answers of others. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Device } from '../../src/runtime/decoder.js';
import { findModel, listEmbedded } from '../../src/runtime/modelFiles.js';
import { embeddedFolder, madeDecoders, workFile } from './context.js';
import type { Context } from './context.js';
import { openModel } from './model.js';
import { loadReadings, makeRequest, readAll, saveReadings } from './readings.js';
import type { ParityRequest, Readings } from './readings.js';
import { runReferences } from './reference.js';
import type { ReferenceTask } from './reference.js';

export interface Subject {
  name: string;
  file: string;
  kind: ParityRequest['kind'];
  /** Largest difference in units of max(1, RMS): 1e-4 in fp32, 5e-3 in fp16. */
  tolerance: number;
}

/** Those that PyTorch can read: Llamas, and decoders made here. */
export function* subjects(context: Context): Generator<Subject> {
  const embedded = listEmbedded(embeddedFolder);
  for (const name of embedded) {
    if (context.models.length > 0 && !context.models.includes(name)) continue;
    if (context.tiny && name !== 'corrector-arithmetic-s') continue;
    yield { name, file: findModel(name, embeddedFolder).file, kind: 'embedded', tolerance: 1e-4 };
  }
  const models = context.models.filter((name) => !embedded.includes(name));
  if (context.models.length > 0 && models.length === 0) return;
  for (const { shape, file } of madeDecoders({ ...context, models })) {
    yield { name: shape.name, file, kind: 'made', tolerance: 5e-3 };
  }
}

/** Of `cpu`, `torch` and `torch32`, what applies: an embedded model is in float32 to begin with. */
export function comparable({ kind }: Subject, against: readonly string[]): string[] {
  return against.filter((other) => kind === 'made' || other !== 'torch32');
}

/** Writes what is asked, for reference.py. */
export function askSubject(
  context: Context,
  subject: Subject,
  layout: Parameters<typeof makeRequest>[0],
): ParityRequest {
  // prettier-ignore
  const { name, kind, file } = subject;
  const request = makeRequest(layout, {
    kind,
    weights: kind === 'made' ? join(dirname(file), 'weights.json') : file,
    directions: workFile(context, 'parity', name, 'directions.f32'),
  });
  writeFileSync(workFile(context, 'parity', name, 'request.json'), JSON.stringify(request));
  return request;
}

export function parityTask(context: Context, { name }: Subject, other: string): ReferenceTask {
  const out = workFile(context, 'parity', name, other);
  const request = workFile(context, 'parity', name, 'request.json');
  return { what: 'parity', request, out, made: `${out}.json`, float32: other === 'torch32' };
}

/**
 * The answers of another device or of PyTorch; what was saved before is not computed again.
 * @returns null where there are none
 */
export async function readOther(
  context: Context,
  subject: Subject,
  { request, other }: { request: ParityRequest; other: string },
): Promise<Readings | null> {
  const path = workFile(context, 'parity', subject.name, other);
  if (other.startsWith('torch')) {
    runReferences(context, [parityTask(context, subject, other)]);
  } else if (!existsSync(`${path}.json`)) {
    // The CPU provider turns fp16 weights to float32 in every step: it gets few of them.
    const few = subject.kind === 'made' && !context.tiny ? { maxNewTokens: 3 } : {};
    const { engine } = await openModel(subject.file, { device: other as Device });
    saveReadings(path, await readAll(engine, { ...request, ...few }));
    await engine.release();
  }
  return loadReadings(path);
}
