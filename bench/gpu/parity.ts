/**
 * The stage `parity`: readings, logits and greedy tokens on the device against the CPU provider and
 * against PyTorch; coefficient 0 against no steering, bit for bit. Each comparison is saved as it is
 * made.
 */
import type { GenerateRequest } from '../../src/runtime/decoder.js';
import type { Engine } from '../../src/runtime/engine/engine.js';
import { compare, differencesOf } from './compare.js';
import type { Comparison } from './compare.js';
import { workFile } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import type { Machine } from './machine.js';
import { nothing, openModel } from './model.js';
import { askSubject, comparable, readOther, subjects } from './paritySubjects.js';
import type { Subject } from './paritySubjects.js';
import { loadReadings, readAll, readCase, readDirections } from './readings.js';
import type { ParityRequest, Readings } from './readings.js';
import { readResult, withEntry, writeResult } from './results.js';

interface SubjectResult {
  name: string;
  tolerance: number;
  coefficientZeroIsOff: boolean;
  comparisons: Comparison[];
  /** How far PyTorch is in this type from PyTorch in float32: none can be expected nearer. */
  torchItself: Record<string, number> | null;
}

interface ParityFile {
  machine: Machine;
  ok: boolean;
  subjects: SubjectResult[];
}

/** @param against `cpu`, `torch` (in the weights' type), `torch32` (in float32: what is right) */
export async function parity(context: Context, against: readonly string[]): Promise<boolean> {
  const machine = describeMachine(context);
  let results = readResult<ParityFile>(context, 'parity', machine)?.subjects ?? [];
  const fine = (): boolean =>
    results.every((r) => r.coefficientZeroIsOff && r.comparisons.every(({ ok }) => ok));
  for (const subject of subjects(context)) {
    const known = context.again ? undefined : results.find(({ name }) => name === subject.name);
    const done = new Set(known?.comparisons.map((made) => made.against));
    const others = comparable(subject, against).filter((other) => !done.has(other));
    if (known && others.length === 0) continue;
    const save = (entry: SubjectResult): void => {
      results = withEntry(results, entry);
      writeResult(context, 'parity', { machine, ok: fine(), subjects: results });
    };
    await compareSubject(context, { subject, others, known: known?.comparisons ?? [], save });
  }
  return fine();
}

async function compareSubject(
  context: Context,
  given: {
    subject: Subject;
    others: readonly string[];
    known: readonly Comparison[];
    save: (entry: SubjectResult) => void;
  },
): Promise<void> {
  const { subject, others, save } = given;
  const { name, tolerance } = subject;
  const { engine, layout } = await openModel(subject.file, { device: context.device });
  const request = askSubject(context, subject, layout);
  const own = await readAll(engine, request);
  const coefficientZeroIsOff = await zeroIsOff(engine, request, own);
  context.log(`${name}: coefficient 0 ${coefficientZeroIsOff ? 'is' : 'IS NOT'} off, bit for bit`);
  const comparisons = [...given.known];
  for (const other of others) {
    const readings = await readOther(context, subject, { request, other });
    if (readings === null) continue;
    const compared = await compare(engine, request, { own, readings, other, tolerance });
    context.log(`${name} against ${other}: ${compared.ok ? 'ok' : 'DIFFERS'} ${JSON.stringify(compared.differences)}`); // prettier-ignore
    comparisons.push(compared);
    save({ name, tolerance, coefficientZeroIsOff, comparisons, torchItself: torchItself(context, name) }); // prettier-ignore
  }
  await engine.release();
}

function torchItself(context: Context, name: string): Record<string, number> | null {
  const [half, whole] = ['torch', 'torch32'].map((other) =>
    loadReadings(workFile(context, 'parity', name, other)),
  );
  return half && whole ? differencesOf(half, whole) : null;
}

async function zeroIsOff(engine: Engine, request: ParityRequest, own: Readings): Promise<boolean> {
  const off = await readCase(engine, request, null);
  const same = (a: Float32Array | undefined, b: Float32Array): boolean =>
    a !== undefined && a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
  return (
    (['logits', 'projections', 'states'] as const).every((part) =>
      same(own.arrays.get(`off/${part}`), off[part]),
    ) &&
    JSON.stringify(own.tokens.off) === JSON.stringify(off.tokens) &&
    (await loopsAgree(engine, request, off.tokens))
  );
}

/** Whether a loop that reads, and one that steers the rows below, write a row as one that does neither. */
async function loopsAgree(
  engine: Engine,
  { prompts, maxNewTokens, directions, cases }: ParityRequest,
  off: readonly number[][],
): Promise<boolean> {
  const direction = readDirections(directions);
  const write = async (more: Partial<GenerateRequest>): Promise<number[][]> => {
    const done = await engine.generate({ prompts, maxNewTokens, stop: [], ...more }, nothing);
    return done.rows.map(({ tokens }) => tokens);
  };
  const coefficient = Float32Array.from(
    prompts.flatMap((_, r) => (r === 0 ? cases.off : cases.on)),
  );
  const read = await write({ project: { directions: direction, count: 1 } });
  const mixed = await write({ steering: { direction, coefficient, positions: 'all' } });
  return JSON.stringify([read, mixed[0]]) === JSON.stringify([off, off[0]]);
}
