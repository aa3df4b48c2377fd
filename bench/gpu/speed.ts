/**
 * The stage `speed`: decoding and scanning, against the hardware's bounds, against step-by-step
 * decoding, against a loop without steering and reading, and against Transformers with hooks.
 * Each number is saved as it is measured, and none is measured twice.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeBound, scanBound } from './bounds.js';
import { madeDecoders, readJson, workFile } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import type { Machine } from './machine.js';
import { openModel } from './model.js';
import { runReferences } from './reference.js';
import type { ReferenceTask } from './reference.js';
import { readResult, withEntry, writeResult } from './results.js';
import type { DecoderShape } from './shapes.js';
import { SpeedItems, full, small, unitVectors } from './speedItems.js';
import type { Settings } from './speedItems.js';

type Times = Record<string, number>;

interface DecoderSpeed {
  name: string;
  settings: Settings;
  milliseconds: Times;
  /** Items that failed, with their error. */
  errors: Record<string, string>;
  torch: Times | null;
  bounds?: { decode: number; scan: number };
  /** Bound ÷ measured. */
  shareOfBound?: Times;
}

interface SpeedFile {
  machine: Machine;
  decoders: DecoderSpeed[];
}

/** @returns whether every item has a number */
export async function speed(context: Context): Promise<boolean> {
  const machine = describeMachine(context);
  let decoders = readResult<SpeedFile>(context, 'speed', machine)?.decoders ?? [];
  let complete = true;
  for (const { shape, file } of madeDecoders(context)) {
    const known = decoders.find(({ name }) => name === shape.name);
    const entry = startEntry(context, shape, known);
    const save = (): void => {
      Object.assign(entry, sharesOf(entry, shape, machine));
      decoders = withEntry(decoders, entry);
      writeResult(context, 'speed', { machine, decoders });
    };
    await measure(context, { shape, file, entry, save });
    const task = speedTask(context, shape, file);
    runReferences(context, [task]);
    entry.torch = readTorch(task);
    save();
    complete &&= Object.keys(entry.errors).length === 0;
  }
  return complete;
}

/** What is known already, where it was measured with the same settings. */
function startEntry(
  { tiny, again }: Context,
  { name }: DecoderShape,
  known: DecoderSpeed | undefined,
): DecoderSpeed {
  const settings = tiny ? small : full;
  const same = known && JSON.stringify(known.settings) === JSON.stringify(settings);
  if (same && !again) return { ...known, errors: {} };
  return { name, settings, milliseconds: {}, errors: {}, torch: null };
}

async function measure(
  context: Context,
  given: { shape: DecoderShape; file: string; entry: DecoderSpeed; save: () => void },
): Promise<void> {
  const { shape, file, entry, save } = given;
  const limits = { rows: entry.settings.scanRows, slots: 1e6 };
  const model = await openModel(file, { device: context.device, limits });
  const items = new SpeedItems(model, shape, entry.settings);
  for (const { name, measure: run } of items.list()) {
    if (!isWanted(context, name)) continue;
    if (entry.milliseconds[name] !== undefined) continue;
    try {
      const value = await run();
      entry.milliseconds[name] = value;
      context.log(`${shape.name} ${name}: ${value.toFixed(3)} ms`);
    } catch (error) {
      entry.errors[name] = error instanceof Error ? error.message : String(error);
      context.log(`${shape.name} ${name}: FAILED, ${entry.errors[name]}`);
    }
    save();
  }
  await items.release();
}

function isWanted({ items }: Context, name: string): boolean {
  return items.length === 0 || items.includes(name.replace(/-\d+$/, ''));
}

/** Transformers with hooks, on the same weights. */
export function speedTask(context: Context, shape: DecoderShape, file: string): ReferenceTask {
  const at = (name: string): string => workFile(context, 'speed', shape.name, name);
  const out = at(`torch-${context.device}.json`);
  writeFileSync(at('directions.f32'), unitVectors(shape.layers, shape.width));
  const weights = join(dirname(file), 'weights.json');
  const settings = context.tiny ? small : full;
  const request = { kind: 'made', weights, directions: at('directions.f32'), ...settings };
  writeFileSync(at('request.json'), JSON.stringify(request));
  return { what: 'speed', request: at('request.json'), out, made: out };
}

/** Also what a run that was killed has measured; null: nothing. */
function readTorch({ out }: ReferenceTask): Times | null {
  const file = [out, `${out}.part`].find((path) => existsSync(path));
  return file === undefined ? null : readJson<Times>(file);
}

function sharesOf(
  { settings, milliseconds }: DecoderSpeed,
  shape: DecoderShape,
  { torch: ceilings }: Machine,
): Pick<DecoderSpeed, 'bounds' | 'shareOfBound'> {
  if (ceilings === null) return {};
  const bounds = {
    decode: decodeBound(shape, ceilings),
    scan: scanBound(shape, settings.stimuli * settings.stimulusLength, ceilings),
  };
  const share = Object.entries(milliseconds).map(
    ([name, time]) => [name, (name === 'scan' ? bounds.scan : bounds.decode) / time] as const,
  );
  return { bounds, shareOfBound: Object.fromEntries(share) };
}
