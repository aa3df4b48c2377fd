/** Readers of data sets: questions, quadruples, stimuli, recordings, and rows for `dataset`. */
import { join } from 'node:path';
import { recordedAligner, recordedCorrector } from '../../../src/align/recorded.js';
import { recordedUpstream } from '../../../src/align/recordedUpstream.js';
import { readAnnotatedQuadruples } from '../../../src/data/questionRows.js';
import { openQuestions } from '../../../src/data/questionSets.js';
import { readSource } from '../../../src/experiment/shared/reading/findStimuli.js';
import { readGivenStimuli } from '../../../src/read/givenStimuli.js';
import { readStimuli } from '../../../src/read/stimuliFile.js';
import { call } from '../../cli/harness.js';
import { lines, type Reader } from './reader.js';

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

const samples = [1, 2, 3].map((n) => ({
  ...{ problem: `test-0-${n}`, question: 'How many?', prefix: '', last: `It is ${n}.` },
}));
const written = samples.map(({ last, ...row }) => ({ ...row, answer: last }));

/** The command itself, since its rows are read there. @throws what it says on stderr. */
async function dataset(kind: string, argv: readonly string[]): Promise<void> {
  const { code, stderr } = await call(['dataset', kind, ...argv], { cwd: '.' });
  if (code === 1) throw new Error(stderr.replace(/^aligner-lab: /, '').trimEnd());
  if (code !== 0) throw new TypeError(`exit code ${code}: ${stderr}`);
}

async function writtenRows(argv: readonly string[]): Promise<void> {
  for (const kind of ['triples', 'direct']) await dataset(kind, argv);
}

export const dataReaders: readonly Reader[] = [
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
  {
    name: 'stimuli or quadruples',
    specimens: [lines('a.jsonl', stimuli), lines('a.jsonl', quadruples)],
    read: (folder, file) => Promise.resolve(readSource(join(folder, file))),
  },
  {
    name: 'dataset --samples',
    specimens: [lines('samples.jsonl', samples)],
    read: (folder, file) => dataset('annotate', ['--samples', join(folder, file)]),
  },
  {
    name: 'dataset --answers',
    specimens: [lines('answers.jsonl', written)],
    read: (folder, file) => writtenRows(['--answers', join(folder, file)]),
  },
];
