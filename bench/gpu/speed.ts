/**
 * The stage `speed`: decoding and scanning, against the hardware's bounds, against step-by-step
 * decoding, against a loop without steering and reading, and against Transformers with hooks.
 *
 * Every run hands its results to the host, so wall time is device-synchronised time. A step of
 * decoding is the difference of a long and a short generation: prefill and call cost cancel.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRandom } from '../../src/math/random.js';
import { loopOutputs } from '../../src/onnx/names.js';
import type { Steering } from '../../src/runtime/steering.js';
import { median } from '../../src/math/summary.js';
import { decodeBound, scanBound } from './bounds.js';
import type { Ceilings } from './bounds.js';
import { madeDecoders, readJson, runReference, workFile, writeResult } from './context.js';
import type { Context } from './context.js';
import { describeMachine } from './machine.js';
import { nothing, openModel } from './model.js';
import type { OpenModel } from './model.js';
import { loopFeeds, stepByStep } from './plainRuns.js';
import { tokens } from './profileStage.js';
import type { DecoderShape } from './shapes.js';

interface Settings {
  batches: number[];
  promptLength: number;
  /** Tokens of the short and of the long generation. */
  steps: [number, number];
  repeats: number;
  stimuli: number;
  stimulusLength: number;
  /** Stimuli per forward. */
  scanRows: number;
}

const full: Settings = { batches: [1, 32], promptLength: 64, steps: [4, 68], repeats: 5, stimuli: 512, stimulusLength: 64, scanRows: 32 }; // prettier-ignore
const small: Settings = { batches: [1, 4], promptLength: 8, steps: [2, 10], repeats: 2, stimuli: 16, stimulusLength: 16, scanRows: 8 }; // prettier-ignore

export async function speed(context: Context): Promise<void> {
  const settings = context.tiny ? small : full;
  const results: object[] = [];
  for (const { shape, file } of madeDecoders(context)) {
    const machine = describeMachine(context);
    const milliseconds = await measure(context, { shape, file, settings });
    const torch = runTorch(context, { shape, file, settings });
    const shares = machine.torch === null ? null : sharesOf(shape, machine.torch, { settings, milliseconds }); // prettier-ignore
    results.push({ name: shape.name, settings, milliseconds, torch, ...shares });
    writeResult(context, 'speed', { machine, decoders: results });
  }
}

type Times = Record<string, number>;

async function measure(
  context: Context,
  given: { shape: DecoderShape; file: string; settings: Settings },
): Promise<Times> {
  const { shape, file, settings } = given;
  const limits = { rows: settings.scanRows, slots: 1e6 };
  const model = await openModel(file, { device: context.device, limits });
  const times: Times = {};
  const note = (name: string, value: number): void => {
    times[name] = value;
    context.log(`${shape.name} ${name}: ${value.toFixed(3)} ms`);
  };
  for (const rows of settings.batches) {
    const prompts = Array.from({ length: rows }, (_, r) =>
      tokens(settings.promptLength, shape.vocabulary, r + 1),
    );
    const generate = (steering: Steering | null) => async (count: number) => {
      const given = steering === null ? {} : { steering };
      await model.engine.generate({ prompts, maxNewTokens: count, stop: [], ...given }, nothing);
    };
    note(`loop-${rows}`, await perStep(settings, generate(null)));
    note(`loop-steered-${rows}`, await perStep(settings, generate(someSteering(model))));
  }
  note('scan', await scan(model, given));
  await model.engine.release();
  await measureUntouched(model, { ...given, note });
  return times;
}

/** The exported decoder without edits: as a loop, and step by step with its cache on the host. */
async function measureUntouched(
  model: OpenModel,
  {
    shape,
    settings,
    note,
  }: { shape: DecoderShape; settings: Settings; note: (name: string, value: number) => void },
): Promise<void> {
  const rowsOf = (rows: number): number[][] =>
    Array.from({ length: rows }, (_, r) => tokens(settings.promptLength, shape.vocabulary, r + 1));
  const loop = await model.openPlainLoop();
  for (const rows of settings.batches) {
    const run = async (count: number): Promise<void> => {
      await loop.run(loopFeeds(model.layout, rowsOf(rows), count), [loopOutputs.tokens]);
    };
    note(`plain-loop-${rows}`, await perStep(settings, run));
  }
  await loop.release();
  const untouched = await model.openUntouched();
  const few = { ...settings, steps: [2, 10] as [number, number], repeats: 3 };
  for (const rows of settings.batches) {
    const run = (count: number): Promise<number[][]> =>
      stepByStep(untouched, model.layout, rowsOf(rows), count);
    note(`step-by-step-${rows}`, await perStep(few, run));
  }
  await untouched.release();
}

async function perStep(
  { steps: [few, many], repeats }: Settings,
  run: (count: number) => Promise<unknown>,
): Promise<number> {
  await run(many);
  const [short, long]: [number[], number[]] = [[], []];
  for (let i = 0; i < repeats; i++) {
    short.push(await timed(() => run(few)));
    long.push(await timed(() => run(many)));
  }
  return (median(long) - median(short)) / (many - few);
}

async function scan(
  { engine, layout: { layers, width } }: OpenModel,
  { shape, settings }: { shape: DecoderShape; settings: Settings },
): Promise<number> {
  const stimuli = Array.from({ length: settings.stimuli }, (_, r) =>
    tokens(settings.stimulusLength, shape.vocabulary, r + 1),
  );
  const project = { directions: unitVectors(layers, width), count: 1 };
  const run = async (): Promise<void> => {
    await engine.forward({ tokens: stimuli, project }, nothing);
  };
  await run();
  const times: number[] = [];
  for (let i = 0; i < settings.repeats; i++) times.push(await timed(run));
  return median(times);
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** One layer in the middle, as reference.py steers. */
function someSteering({ layout: { layers, width } }: OpenModel): Steering {
  const coefficient = Float32Array.from({ length: layers }, (_, l) => (l === layers >> 1 ? 1 : 0));
  return { direction: unitVectors(layers, width), coefficient, positions: 'all' };
}

function unitVectors(layers: number, width: number): Float32Array {
  const random = createRandom('speed');
  const all = new Float32Array(layers * width);
  for (let l = 0; l < layers; l++) all.set(random.unitVector(width), l * width);
  return all;
}

function runTorch(
  context: Context,
  { shape, file, settings }: { shape: DecoderShape; file: string; settings: Settings },
): Times | null {
  const at = (name: string): string => workFile(context, 'speed', shape.name, name);
  const out = at(`torch-${context.device}.json`);
  const all = unitVectors(shape.layers, shape.width);
  writeFileSync(at('directions.f32'), new Uint8Array(all.buffer));
  const weights = join(dirname(file), 'weights.json');
  const request = { kind: 'made', weights, directions: at('directions.f32'), ...settings };
  writeFileSync(at('request.json'), JSON.stringify(request));
  runReference(context, 'speed', { request: at('request.json'), out, made: out });
  return existsSync(out) ? readJson<Times>(out) : null;
}

/** Bound ÷ measured. */
function sharesOf(
  shape: DecoderShape,
  ceilings: Ceilings,
  { settings, milliseconds }: { settings: Settings; milliseconds: Times },
): { bounds: { decode: number; scan: number }; shareOfBound: Times } {
  const bounds = {
    decode: decodeBound(shape, ceilings),
    scan: scanBound(shape, settings.stimuli * settings.stimulusLength, ceilings),
  };
  const share = Object.entries(milliseconds).map(([name, time]) => [
    name,
    (name === 'scan' ? bounds.scan : bounds.decode) / time,
  ]);
  return { bounds, shareOfBound: Object.fromEntries(share) as Times };
}
