/**
 * One measurement, in a process of its own, so that its peak of memory is its own:
 * `node measure.js <model.onnx> <point as JSON>` writes {@link Measured} as JSON.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../src/math/random.js';
import { extractDirections } from '../../src/read/extract.js';
import { dropStates } from '../../src/read/spilledStates.js';
import { boundaryStates, meanNorms } from '../../src/read/states.js';
import type { GivenStimulus } from '../../src/read/stimuli.js';
import type { Decoder, Tokenizer } from '../../src/runtime/decoder.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { vocabulary } from './model.js';
import type { Point, Work } from './points.js';

export interface Measured {
  /** Of all processors, in user and in system mode, without opening the model. */
  milliseconds: number;
  /** Peak of the process, beyond what it had before the model was opened. */
  bytes: number;
}

const [, , file = '', given = '{}'] = process.argv;
const point = JSON.parse(given) as Point;
const before = peakBytes();
await using decoder = await loadDecoder({ model: file, threads: 1 });
// What the first call of a session does beside its work.
await boundaryStates({ decoder, prompts: [[1, 2, 3]] });
const start = process.cpuUsage();
await doWork(point, decoder);
const { user, system } = process.cpuUsage(start);
const measured: Measured = { milliseconds: (user + system) / 1000, bytes: peakBytes() - before };
process.stdout.write(JSON.stringify(measured));

async function doWork(asked: Point, on: Decoder): Promise<void> {
  const doing: Record<Work, typeof readStates> = {
    states: readStates,
    extraction: extract,
    writing: write,
  };
  await doing[asked.work](asked, on);
}

async function readStates({ tokens, stimuli, batch }: Point, on: Decoder): Promise<void> {
  const prompts = Array.from({ length: stimuli }, (_, i) => promptOf(i, tokens));
  meanNorms(await boundaryStates({ decoder: on, prompts, batchSize: batch }));
}

async function write({ tokens, stimuli, layers, width }: Point, on: Decoder): Promise<void> {
  await on.generate({
    prompts: Array.from({ length: stimuli }, (_, i) => promptOf(i, 16)),
    ...{ maxNewTokens: tokens, stop: [] },
    steering: {
      direction: new Float32Array(layers * width).fill(1 / Math.sqrt(width)),
      coefficient: new Float32Array(layers).fill(0.01),
      positions: 'all',
    },
  });
}

/** Given labels, pairs of like texts; the words of a text are its tokens. */
async function extract({ tokens, stimuli: count, batch }: Point, on: Decoder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'growth-'));
  const encode = (text: string): number[] => text.split(' ').map(Number);
  const tokenizer: Tokenizer = {
    ...{ encode, encodePlain: encode, endOfTurn: [] },
    decode: (ids) => ids.join(' '),
    ...{ chatPrompt: (user) => user, chat: (messages) => messages.map((m) => m.content).join(' ') },
  };
  const stimuli = Array.from({ length: count }, (_, i): GivenStimulus => {
    const pair = `p${Math.floor(i / 2)}`;
    const text = [...promptOf(Math.floor(i / 2), tokens - 1), i % 2 === 0 ? 1 : 2].join(' ');
    const half = Math.floor(i / 2) % 2 === 0 ? 'train' : 'heldOut';
    return { id: `s${i}`, problem: pair, pair, half, text, label: i % 2 === 0 ? 'positive' : 'negative' }; // prettier-ignore
  });
  const { states } = await extractDirections({
    ...{ model: { decoder: on, tokenizer }, stimuli, batchSize: batch, seed: 1 },
    prompt: (stimulus) => encode('text' in stimulus ? stimulus.text : ''),
    spill: { path: join(folder, 'states.part'), over: 0 },
  });
  await dropStates(states);
  rmSync(folder, { recursive: true });
}

function promptOf(i: number, tokens: number): number[] {
  const random = createRandom(`prompt ${i}`);
  return Array.from({ length: tokens }, () => random.integer(vocabulary));
}

/** Linux keeps another count, which a new program begins with its parent's. */
function peakBytes(): number {
  const status = '/proc/self/status';
  if (!existsSync(status)) return 1024 * process.resourceUsage().maxRSS;
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]);
}
