/**
 * The stage `parity`: readings, logits and greedy tokens on the device against the CPU provider and
 * against PyTorch; coefficient 0 against no steering, bit for bit.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Device } from '../../src/runtime/decoder.js';
import type { Engine } from '../../src/runtime/engine/engine.js';
import { findModel, listEmbedded } from '../../src/runtime/modelFiles.js';
import { relativeDifference } from './bounds.js';
import { embeddedFolder, madeDecoders, runReference, workFile, writeResult } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import { nothing, openModel } from './model.js';
import { loadReadings, makeRequest, readAll, readCase, readDirections, saveReadings } from './readings.js'; // prettier-ignore
import type { ParityRequest, Readings } from './readings.js';

interface Subject {
  name: string;
  file: string;
  kind: ParityRequest['kind'];
  /** Largest difference in units of max(1, RMS): 1e-4 in fp32, 5e-3 in fp16. */
  tolerance: number;
}

interface Comparison {
  against: string;
  /** By case and kind of reading. */
  differences: Record<string, number>;
  /** Greedy tokens: how many agree up to each row's first difference, and the margins there. */
  tokens: { compared: number; rowsThatDiffer: number; margins: number[] };
  ok: boolean;
}

interface SubjectResult {
  name: string;
  tolerance: number;
  coefficientZeroIsOff: boolean;
  comparisons: Comparison[];
  torchItself: Record<string, number> | null;
}

/** @param against `cpu`, `torch` (in the weights' type), `torch32` (in float32: what is right) */
export async function parity(context: Context, against: readonly string[]): Promise<boolean> {
  const results: object[] = [];
  let all = true;
  for (const subject of subjects(context)) {
    const result = await compareSubject(context, subject, against);
    results.push(result);
    all &&= result.coefficientZeroIsOff && result.comparisons.every(({ ok }) => ok);
    writeResult(context, 'parity', {
      machine: describeMachine(context),
      ok: all,
      subjects: results,
    });
  }
  return all;
}

function* subjects(context: Context): Generator<Subject> {
  for (const name of listEmbedded(embeddedFolder)) {
    if (context.models.length > 0 && !context.models.includes(name)) continue;
    if (context.tiny && name !== 'corrector-arithmetic-s') continue;
    yield { name, file: findModel(name, embeddedFolder).file, kind: 'embedded', tolerance: 1e-4 };
  }
  const models = context.models.filter((name) => !listEmbedded(embeddedFolder).includes(name));
  if (context.models.length > 0 && models.length === 0) return;
  for (const { shape, file } of madeDecoders({ ...context, models })) {
    yield { name: shape.name, file, kind: 'made', tolerance: 5e-3 };
  }
}

async function compareSubject(
  context: Context,
  subject: Subject,
  against: readonly string[],
): Promise<SubjectResult> {
  const { name, file, tolerance } = subject;
  const at = (part: string): string => workFile(context, 'parity', name, part);
  const { engine, layout } = await openModel(file, { device: context.device });
  const request = makeRequest(layout, {
    kind: subject.kind,
    weights: subject.kind === 'made' ? join(dirname(file), 'weights.json') : file,
    directions: at('directions.f32'),
  });
  writeFileSync(at('request.json'), JSON.stringify(request));
  const own = await readAll(engine, request);
  const coefficientZeroIsOff = await zeroIsOff(engine, request, own);
  context.log(`${name}: coefficient 0 ${coefficientZeroIsOff ? 'is' : 'IS NOT'} off, bit for bit`);
  const comparisons: Comparison[] = [];
  for (const other of against) {
    const readings = await readOther(context, subject, { request, other });
    if (readings === null) continue;
    const compared = await compare(engine, request, { own, readings, other, tolerance });
    context.log(`${name} against ${other}: ${compared.ok ? 'ok' : 'DIFFERS'} ${JSON.stringify(compared.differences)}`); // prettier-ignore
    comparisons.push(compared);
  }
  await engine.release();
  const [half, whole] = ['torch', 'torch32'].map((other) => loadReadings(at(other)));
  // How far PyTorch itself is from right in this type: no implementation can be expected nearer.
  const torchItself = half && whole ? differencesOf(half, whole) : null;
  return { name, tolerance, coefficientZeroIsOff, comparisons, torchItself };
}

async function zeroIsOff(engine: Engine, request: ParityRequest, own: Readings): Promise<boolean> {
  const off = await readCase(engine, request, null);
  const same = (a: Float32Array | undefined, b: Float32Array): boolean =>
    a !== undefined && a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
  return (
    (['logits', 'projections', 'states'] as const).every((part) =>
      same(own.arrays.get(`off/${part}`), off[part]),
    ) && JSON.stringify(own.tokens.off) === JSON.stringify(off.tokens)
  );
}

/** What was saved before is not computed again. */
async function readOther(
  context: Context,
  { name, file, kind }: Subject,
  { request, other }: { request: ParityRequest; other: string },
): Promise<Readings | null> {
  // An embedded model is in float32 to begin with.
  if (other === 'torch32' && kind === 'embedded') return null;
  const path = workFile(context, 'parity', name, other);
  if (other.startsWith('torch')) {
    const given = { request: workFile(context, 'parity', name, 'request.json'), out: path };
    const more = other === 'torch32' ? ['--float32'] : [];
    runReference(context, 'parity', { ...given, made: `${path}.json`, more });
    return loadReadings(path);
  }
  if (!existsSync(`${path}.json`)) {
    const { engine } = await openModel(file, { device: other as Device });
    saveReadings(path, await readAll(engine, request));
    await engine.release();
  }
  return loadReadings(path);
}

async function compare(
  engine: Engine,
  request: ParityRequest,
  given: { own: Readings; readings: Readings; other: string; tolerance: number },
): Promise<Comparison> {
  const { own, readings, other, tolerance } = given;
  const differences = differencesOf(own, readings);
  const tokens = { compared: 0, rowsThatDiffer: 0, margins: [] as number[] };
  for (const [name, coefficient] of Object.entries(request.cases)) {
    for (const [row, theirs] of (readings.tokens[name] ?? []).entries()) {
      const ours = own.tokens[name]?.[row] ?? [];
      const at = theirs.findIndex((token, i) => token !== ours[i]);
      tokens.compared += at < 0 ? theirs.length : at;
      if (at < 0) continue;
      tokens.rowsThatDiffer++;
      const prompt = [...(request.prompts[row] ?? []), ...theirs.slice(0, at)];
      const pair = [ours[at] ?? 0, theirs[at] ?? 0] as const;
      tokens.margins.push(await margin(engine, request, { prompt, pair, coefficient }));
    }
  }
  const ok =
    Object.values(differences).every((difference) => difference <= tolerance) &&
    // Both of two nearly equal logits may be off, in opposite directions.
    tokens.margins.every((gap) => gap <= 2 * tolerance);
  return { against: other, differences, tokens, ok };
}

function differencesOf(own: Readings, reference: Readings): Record<string, number> {
  const all = [...reference.arrays].map(
    ([name, values]) => [name, relativeDifference(own.arrays.get(name) ?? [], values)] as const,
  );
  return Object.fromEntries(all);
}

/** How far apart the two tokens' logits are, in units of max(1, RMS of all). */
async function margin(
  engine: Engine,
  { directions }: ParityRequest,
  {
    prompt,
    pair: [a, b],
    coefficient,
  }: { prompt: number[]; pair: readonly [number, number]; coefficient: number[] },
): Promise<number> {
  const steering = {
    direction: readDirections(directions),
    coefficient: Float32Array.from(coefficient),
    positions: 'all' as const,
  };
  const [row] = await engine.forward(
    { tokens: [prompt], logits: [[prompt.length - 1]], steering },
    nothing,
  );
  const logits = row?.logits ?? new Float32Array(0);
  const rms = Math.sqrt(logits.reduce((sum, x) => sum + x * x, 0) / Math.max(1, logits.length));
  return Math.abs((logits[a] ?? NaN) - (logits[b] ?? NaN)) / Math.max(1, rms);
}
