/** Readers of rows as streams: the kinds of files, the formats of data sets, folders and names of data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetRows } from '../../../src/data/files/parquet.js';
import { planData } from '../../../src/data/files/plan.js';
import { streamRows } from '../../../src/data/files/rows.js';
import {
  streamPreferences,
  streamQuestionRows,
  streamRecordedAnswers,
  streamVerdicts,
} from '../../../src/data/questionRows.js';
import { findData } from '../../../src/runtime/resolveData.js';
import { bytesOf, json, lines, type Reader, type Specimen } from './reader.js';

const pairs = [
  { question: 'Why?', chosen: 'It rains.', rejected: 'It snows. ' },
  { prompt: 'Why?', chosen: 'a', rejected: 'b' },
];
const said = (content: string): unknown[] => [{ role: 'assistant', content }];
const chats = [
  { prompt: [{ role: 'user', content: 'Why?' }], chosen: said('a'), rejected: said('b') },
  { prompt: 'Why?', chosen: said('a'), rejected: said('b '), score_chosen: 1 },
];
const start = '\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Why?\n\nAssistant:';
const transcripts = [1, 2].map((n) => ({ chosen: `${start} It is ${n}.`, rejected: `${start} No.` })); // prettier-ignore
const labelledPairs = [0, 1].map((better) => ({
  ...{ prompt: 'Why?', response_0: 'Rude.', response_1: 'Kind.', better_response_id: better },
  ...{ safer_response_id: 1, is_response_0_safe: false, is_response_1_safe: true },
  response_0_harm_category: { Insulting: true, Theft: false },
}));
const labelled = [true, false].map((safe) => ({
  ...{ prompt: 'How?', response: ' So.\n', category: { violence: !safe }, is_safe: safe },
}));
const outputs = [1, 2].map((n) => {
  return { dataset: 'koala', instruction: `Say ${n}.`, output: `${n}`, generator: 'm' };
});
const verdicts = [1, 2, 1.25].map((preference) => ({
  ...{ instruction: 'Hi?', output_1: 'a', generator_1: 'x', output_2: 'b', generator_2: 'y' },
  ...{ annotator: 'j', preference },
}));
const maths = [
  { problem: 'What?', solution: 'So $\\boxed{\\frac{1}{2}}$.', level: 'Level 2', type: 'Algebra' },
  { problem: 'And?', solution: 'Hm.', answer: '5', subject: 'Geometry', unique_id: 'test/1.json' },
];
const sums = [7, 8].map((n) => ({
  question: 'How many?',
  answer: `9 - 2 = <<9-2=${n}>>${n}.\n#### ${n}`,
}));
const own = [
  [{ question: 'Why?', prefix: '', last: 'It is so.', correction: 'It rains.' }],
  [{ question: 'Why?', answer: 'It is so.', correction: 'It rains.' }],
  [{ question: 'Why?', answer: 'The answer is 4.', id: 'a', group: 'g' }],
];

const rows = (some: readonly unknown[][]): Specimen[] =>
  some.map((one) => lines('data.jsonl', one));

const parquet = ['gsm8k-snappy', 'chats-zstd', 'labelled-plain'].map((name): Specimen => {
  const path = join('test', 'data', 'parquet', `${name}.parquet`);
  return { file: 'data.parquet', bytes: readFileSync(path), format: 'bytes' };
});
const text = lines('data.jsonl', sums).bytes;

/** The time of a test: a file that never ends has 2 s. */
async function readRows(folder: string, file: string): Promise<void> {
  const path = join(folder, file);
  const isParquet = readFileSync(path).subarray(0, 4).toString('latin1') === 'PAR1';
  await all(isParquet ? parquetRows(path, { seconds: 2 }) : streamRows(path));
}

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) if (item === undefined) throw new TypeError('no item');
}

/** The folder's names are the file's lines. */
function plan(folder: string, file: string): Promise<unknown> {
  const paths = readFileSync(join(folder, file), 'utf8').split('\n');
  const example = (key: string, first: string): string => key || first;
  return Promise.resolve(planData(paths, { wanted: null, where: 'folder', example }));
}

async function find(folder: string, file: string): Promise<void> {
  const [name = ''] = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  const env = { HF_HUB_OFFLINE: '1', HF_HOME: join(folder, 'home') };
  await all(streamRows(await findData(name, { folder, env })));
}

export const rowReaders: readonly Reader[] = [
  {
    name: 'rows of files',
    specimens: [
      ...parquet,
      { file: 'data.jsonl.gz', bytes: gzipSync(text), format: 'bytes' },
      { file: 'data.jsonl', bytes: text, format: 'bytes' },
      json('data.json', sums),
    ],
    read: readRows,
  },
  {
    name: 'rows of every format',
    specimens: rows([
      ...own,
      ...[pairs, chats, transcripts, labelledPairs, labelled, outputs, verdicts, maths, sums],
    ]),
    read: (folder, file) => all(streamQuestionRows(join(folder, file))),
  },
  {
    name: 'preferences',
    specimens: rows([pairs, chats, transcripts, labelledPairs]),
    read: (folder, file) => all(streamPreferences(join(folder, file))),
  },
  {
    name: 'labelled answers',
    specimens: rows([labelledPairs, labelled, outputs, sums]),
    read: (folder, file) => all(streamRecordedAnswers(join(folder, file))),
  },
  {
    name: 'verdicts',
    specimens: rows([verdicts]),
    read: (folder, file) => all(streamVerdicts(join(folder, file))),
  },
  {
    name: 'a folder of data',
    names: ['data: folder has'],
    specimens: [
      ['main/train-00000-of-00002.parquet', 'main/train-00001-of-00002.parquet', 'README.md'],
      ['data/test.jsonl', 'dataset_infos.json'],
    ].map((names): Specimen => {
      return { file: 'names.txt', bytes: bytesOf(names.join('\n')), format: 'bytes' };
    }),
    read: plan,
  },
  {
    name: 'names of data',
    names: ['data: ', 'cannot be read', 'hub'],
    specimens: ['rows.jsonl', './rows.jsonl'].map((name): Specimen => {
      return { file: 'name.txt', bytes: bytesOf(name), format: 'bytes' };
    }),
    around: { 'rows.jsonl': text },
    read: find,
  },
];
