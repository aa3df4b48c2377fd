/** Every reader of files that others may have made, with sound files to damage. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { recordedAligner, recordedCorrector } from '../../../src/align/recorded.js';
import { recordedUpstream } from '../../../src/align/recordedUpstream.js';
import { readAnnotatedQuadruples } from '../../../src/data/questionRows.js';
import { openQuestions } from '../../../src/data/questionSets.js';
import { readPages } from '../../../src/cli/commands/plot.js';
import { createRandom } from '../../../src/math/random.js';
import { formatDirections, readDirections } from '../../../src/read/files/directionFile.js';
import type { StoredDirections } from '../../../src/read/files/storedDirections.js';
import { readGivenStimuli } from '../../../src/read/givenStimuli.js';
import { readStimuli } from '../../../src/read/stimuliFile.js';
import { toJson } from '../../../src/record/json.js';
import { openRun } from '../../../src/record/run.js';
import { readGraph } from '../../../src/runtime/adapterFiles.js';
import { loadTokenizer } from '../../../src/runtime/tokenizer.js';
import * as examples from '../../experiment/examples.js';
import { reportExample } from '../../reproduce/example.js';
import { tinyAdapter } from '../../onnx/tinyAdapter.js';
import { tinyDecoder } from '../../onnx/tinyDecoder.js';
import { chatTemplate, modelConfig, tokenizerConfig, tokenizerFiles } from './tokenizers.js';

export interface Specimen {
  /** The damaged file, within the reader's folder. */
  file: string;
  bytes: Uint8Array;
  /** What mutations know of. */
  format: 'json' | 'lines' | 'safetensors' | 'bytes';
}

export interface Reader {
  name: string;
  specimens: readonly Specimen[];
  /** Sound files that belong beside the damaged one. */
  around?: Readonly<Record<string, string | Uint8Array>>;
  /** What errors may name in place of the file. */
  names?: readonly string[];
  /** Reads the folder in which the file lies; throws or not. */
  read: (folder: string, file: string) => Promise<unknown>;
}

/** Writes what stands around the specimens of a reader. */
export function prepare({ around = {} }: Reader, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(around)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (file: string, value: unknown): Specimen => {
  return { file, bytes: bytesOf(toJson(value)), format: 'json' };
};
const lines = (file: string, rows: readonly unknown[]): Specimen => {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return { file, bytes: bytesOf(text), format: 'lines' };
};

const soundTokenizer = {
  'tokenizer.json': JSON.stringify(tokenizerFiles.bpe),
  'tokenizer_config.json': JSON.stringify(tokenizerConfig),
  'generation_config.json': '{"eos_token_id": [1]}',
};

/** All that a tokenizer is asked for. */
async function useTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder, {}, 0.5);
  const chat = tokenizer.chat([
    { role: 'user', content: 'Mia has 4 bags.' },
    { role: 'assistant', content: 'Four' },
  ]);
  for (const text of [
    chat,
    tokenizer.chatPrompt("It's 3 + 4 = 7? é🙂"),
    `${'a'.repeat(30)}!`,
    '',
  ]) {
    const ids = [...tokenizer.encode(text), ...tokenizer.encodePlain(text)];
    if (!ids.every((id) => Number.isInteger(id) && id >= 0)) throw new TypeError('ids are none');
    if (typeof tokenizer.decode(ids) !== 'string') throw new TypeError('no text');
  }
  tokenizer.decode([0, 5, 99_999]);
  if (!tokenizer.endOfTurn.every(Number.isInteger)) throw new TypeError('end tokens are none');
}

const tokenizerReader = (name: string, specimens: readonly Specimen[]): Reader => {
  return { name, specimens, around: soundTokenizer, read: useTokenizer };
};

const quadruples = [1, 2, 3, 4].map((n) => ({
  ...{ question: `How many are ${n} + 1?`, prefix: '', last: `It is ${n}.` },
  ...{ correction: n % 2 ? `It is ${n + 1}.` : `It is ${n}.`, problem: `p${n}` },
  ...{ quality: n % 2 ? 'bad' : 'good', fault: n % 2 ? 'number' : null },
}));
const stimuli = [...quadruples, ...quadruples].map(({ correction, ...row }, i) => ({
  ...row,
  ...{ id: `s${i}`, output: correction, label: i % 2 ? 'copy' : 'correct' },
  problem: `p${i}`,
  half: i < 4 ? 'train' : 'heldOut',
}));
const given = [1, 2, 3, 4].flatMap((pair) => [
  { label: 'positive', pair, text: `I won ${pair}!` },
  { label: 'negative', pair, messages: [{ role: 'user', content: `I lost ${pair}.` }] },
]);
const answers = [1, 2, 3].map((n) => ({
  ...{ id: `q${n}`, question: `How many are ${n} + 1?`, answer: `It is ${n + 1}.\n#### ${n + 1}` },
  ...{ correction: 'It is so.', group: n > 1 ? 'a' : 'b' },
}));

const width = 8;
const stored: StoredDirections = {
  directions: {
    ...{ method: 'pca', layers: 2, width, explainedVariance: [0.25, 0.5] },
    vectors: Float32Array.from([0, 1].flatMap((seed) => [...createRandom(seed).unitVector(width)])),
  },
  origin: { model: 'small', modelSha256: 'cd'.repeat(32), stimuliSha256: 'ef', seed: '1' },
  ...{ meanNorms: [1, 2], heldOutAccuracy: [0.5, 1] },
};
const directions = (['safetensors', 'gguf', 'npy'] as const).map((format): Specimen => {
  const bytes = formatDirections(stored, format);
  return { file: `a.${format}`, bytes, format: format === 'safetensors' ? format : 'bytes' };
});

const adapter = tinyAdapter({ 'model.layers.0.self_attn.q_proj': { into: 32, out: 32 } });

const configuration = {
  ...{ command: 'sweep', options: { mode: 'fixed', layers: [1, 2] }, seeds: { seed: 0 } },
  ...{ versions: { node: '20.0.0' }, device: 'cpu' },
  inputs: [{ name: 'model', path: '/m', sha256: 'ab' }],
};
const record = z.strictObject({ id: z.string(), values: z.array(z.number()), text: z.string().nullable() }); // prettier-ignore
const records = [1, 2, 3].map((n) => ({ id: `r${n}`, values: [n, 0.5], text: n > 1 ? 'x' : null }));

const summaries: Readonly<Record<string, unknown>> = {
  scan: examples.scanExample,
  sweep: examples.sweepExample,
  causal: examples.causalExample,
  lens: examples.lensExample,
  evaluate: examples.evaluateExample,
  corrector: examples.correctorExample,
  health: examples.healthExample,
  compare: examples.compareExample,
  rounds: examples.roundsExample,
  report: reportExample,
};

/** A run folder of its own per specimen: one summary is damaged, no other is there. */
const plotReaders = Object.entries(summaries).map(([kind, value]): Reader => {
  return { name: `${kind}.json`, specimens: [json(`${kind}.json`, value)], read: readPages };
});

async function openFolder(folder: string): Promise<void> {
  await using run = await openRun({ ...configuration, folder, record });
  if (run.records.some(({ id }) => typeof id !== 'string')) throw new TypeError('no record');
}

export const readers: readonly Reader[] = [
  tokenizerReader(
    'tokenizer.json',
    Object.values(tokenizerFiles).map((value) => json('tokenizer.json', value)),
  ),
  tokenizerReader('tokenizer_config.json', [json('tokenizer_config.json', tokenizerConfig)]),
  tokenizerReader('chat_template.jinja', [
    { file: 'chat_template.jinja', bytes: bytesOf(chatTemplate), format: 'bytes' },
  ]),
  tokenizerReader('generation_config.json', [json('generation_config.json', modelConfig)]),
  {
    ...tokenizerReader('config.json', [json('config.json', modelConfig)]),
    around: { ...soundTokenizer, 'generation_config.json': '{}' },
  },
  {
    name: 'manifest.json',
    specimens: [json('manifest.json', { ...configuration, started: '2025-01-01T00:00:00Z' })],
    // It is sound, but of another run.
    names: ['holds another run'],
    read: openFolder,
  },
  {
    name: 'records.jsonl',
    specimens: [lines('records.jsonl', records)],
    around: { 'manifest.json': JSON.stringify({ ...configuration, started: '' }) },
    read: openFolder,
  },
  ...plotReaders,
  {
    name: 'directions',
    specimens: directions,
    read: (folder, file) => readDirections(join(folder, file), { layers: 2 }),
  },
  {
    name: 'adapter',
    // They contradict each other.
    names: ['adapter_config.json', 'adapter_model.safetensors'],
    specimens: [
      { file: 'adapter_config.json', bytes: bytesOf(adapter.config), format: 'json' },
      { file: 'adapter_model.safetensors', bytes: adapter.weights, format: 'safetensors' },
    ],
    around: {
      'model.onnx': tinyDecoder(),
      'adapter_config.json': adapter.config,
      'adapter_model.safetensors': adapter.weights,
    },
    read: (folder) => readGraph({ file: join(folder, 'model.onnx'), adapter: folder }),
  },
  {
    name: 'questions',
    specimens: [lines('questions.jsonl', answers)],
    read: (folder, file) =>
      Promise.resolve(openQuestions(join(folder, file), { answers: 'needed' })),
  },
  {
    name: 'quadruples',
    specimens: [lines('quadruples.jsonl', quadruples)],
    read: (folder, file) => Promise.resolve(readAnnotatedQuadruples(join(folder, file))),
  },
  {
    name: 'stimuli',
    specimens: [lines('stimuli.jsonl', stimuli)],
    read: (folder, file) => readStimuli(join(folder, file)),
  },
  {
    name: 'given stimuli',
    specimens: [lines('given.jsonl', given)],
    read: (folder, file) => readGivenStimuli(join(folder, file), { seed: 0 }),
  },
  ...(
    [
      ['recorded upstream', recordedUpstream, [answers, quadruples]],
      ['recorded corrector', recordedCorrector, [quadruples]],
      ['recorded Aligner', recordedAligner, [answers]],
    ] as const
  ).map(([name, open, rows]): Reader => {
    return {
      name,
      specimens: rows.map((some) => lines('recorded.jsonl', some)),
      read: (folder, file) => Promise.resolve(open({ file: join(folder, file) })),
    };
  }),
];
