/**
 * `npm run bench:serve -- --streams 100 --seconds 60`: many streams at once through `aligner-lab serve`
 * on the embedded models, beside the same loop without HTTP. Every answer is held against what the loop
 * wrote to that question; rounds a second, the first corrected sentence and memory are measured. The
 * exit code is 1 where an answer was lost or is another.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { openCorrector, openUpstream } from '../../src/align/open.js';
import { alignBatch } from '../../src/align/stream.js';
import { embedded } from '../../src/data/artifacts.js';
import { generateProblems } from '../../src/data/problems.js';
import { servedLimits } from '../../src/experiment/calibrate/limits.js';
import { quantile } from '../../src/math/summary.js';
import { errorSentence } from '../../src/text/errorSentence.js';
import { formatTable } from '../../src/text/table.js';
import { benchOptions } from '../options.js';

const values = benchOptions(
  {
    command: 'bench:serve',
    about:
      'Keeps many streams going through `aligner-lab serve` on the embedded models, holds every answer\nagainst what the loop writes without HTTP, and measures rounds a second, first sentences and memory.',
  },
  {
    streams: { type: 'string', default: '100', about: 'streams at once' },
    seconds: { type: 'string', default: '60', about: 'how long they are kept going' },
    questions: {
      type: 'string',
      default: '200',
      about: 'different questions that are asked in turn',
    },
  },
);
const streams = Number(values.streams);
const seconds = Number(values.seconds);
const root = join(import.meta.dirname, '..', '..', '..');
const questions = generateProblems({ split: 'test', count: Number(values.questions), seed: 0 });
const asked = [...questions].map(({ question }) => question);

/** Built tools lie elsewhere than the models. */
const modelAt = (name: string): string => join(root, 'artifacts', 'models', name);

interface Expected {
  texts: Map<string, string>;
  rounds: Map<string, number>;
  perSecond: number;
  /** Milliseconds of the processors, a round. */
  work: number;
}

/** The loop without HTTP, on the same models with the same threads: as many rows at once as streams. */
async function loopAlone(): Promise<Expected> {
  await using upstream = await openUpstream(modelAt(embedded.upstream), { threads: 1 });
  await using corrector = await openCorrector(modelAt(embedded.corrector), { threads: 1 });
  const texts = new Map<string, string>();
  const rounds = new Map<string, number>();
  const start = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  for (let first = 0; first < asked.length; first += streams) {
    const rows = asked.slice(first, first + streams).map((question) => ({ question }));
    for await (const event of alignBatch({ upstream, corrector, rows, ...servedLimits })) {
      if (event.kind === 'round') count++;
      else {
        texts.set(event.answer.question, event.answer.text);
        rounds.set(event.answer.question, event.answer.rounds.length);
      }
    }
  }
  const { user, system } = process.cpuUsage(before);
  const perSecond = (1000 * count) / (performance.now() - start);
  return { texts, rounds, perSecond, work: (user + system) / 1000 / count };
}

/** The command itself, in a process of its own. */
async function startCommand(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(root, 'bin', 'aligner-lab.js'), 'serve', '--port', '0', '--audit', 'numbers'], { cwd: root }); // prettier-ignore
  let said = '';
  child.stdout.resume();
  return await new Promise((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      const url = /on (http:\S+)\/v1/.exec(said)?.[1];
      if (url !== undefined) resolve({ url, child });
    });
    child.on('exit', (code) => reject(new Error(`bench: serve ended with ${code}: ${said}`)));
  });
}

interface Seen {
  answers: number;
  rounds: number;
  wrong: string[];
  firsts: number[];
  memory: number[];
}

/** One stream after the other until the time is up. */
async function keepAsking(
  url: string,
  expected: Expected,
  seen: Seen,
  worker: number,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  for (let i = worker; performance.now() < end; i += streams) {
    const question = asked[i % asked.length] ?? '';
    try {
      const { text, first } = await streamed(url, question);
      if (text !== expected.texts.get(question)) seen.wrong.push(`${question}: ${text}`);
      if (first !== null) seen.firsts.push(first);
    } catch (error) {
      seen.wrong.push(`${question}: ${errorSentence(error)}`);
    }
    seen.answers++;
    seen.rounds += expected.rounds.get(question) ?? 0;
  }
}

/** @throws where a stream is refused or is not whole. */
async function streamed(
  url: string,
  question: string,
): Promise<{ text: string; first: number | null }> {
  const start = performance.now();
  const body = { model: embedded.upstream, stream: true, messages: [{ role: 'user', content: question }] }; // prettier-ignore
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  let buffer = '';
  let text = '';
  let first: number | null = null;
  let done = false;
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    buffer += piece;
    const lines = buffer.split('\n\n');
    buffer = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'data: [DONE]') done = true;
      if (!line.startsWith('data: {')) continue;
      const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] }; // prettier-ignore
      const content = choices[0]?.delta.content ?? '';
      if (content !== '') first ??= performance.now() - start;
      text += content;
    }
  }
  if (!done) throw new Error('the stream has no end');
  return { text, first };
}

/** A number of the server's own metrics. */
async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]); // prettier-ignore
}

const expected = await loopAlone();
const { url, child } = await startCommand();
const seen: Seen = { answers: 0, rounds: 0, wrong: [], firsts: [], memory: [] };
const watching = setInterval(() => {
  void metricOf(url, 'process_resident_memory_bytes').then((bytes) => seen.memory.push(bytes / 2 ** 20), () => undefined);
}, Math.max(1000, seconds * 20)); // prettier-ignore
const worked = await metricOf(url, 'process_cpu_seconds_total');
const start = performance.now();
await Promise.all(Array.from({ length: streams }, (_, i) => keepAsking(url, expected, seen, i)));
const elapsed = (performance.now() - start) / 1000;
clearInterval(watching);
const work = (1000 * ((await metricOf(url, 'process_cpu_seconds_total')) - worked)) / seen.rounds;
const ended = new Promise((resolve) => child.removeAllListeners('exit').once('exit', resolve));
child.kill('SIGTERM');
const code = await ended;

const perSecond = seen.rounds / elapsed;
const quarter = (from: number): string => {
  const some = seen.memory.slice(Math.floor(from * seen.memory.length), Math.ceil((from + 0.25) * seen.memory.length)); // prettier-ignore
  return some.length === 0 ? '' : `${quantile(some, 0.5).toFixed(0)} MB`;
};
console.log(
  formatTable(
    ['what', 'value'],
    [
      ['streams at once', String(streams)],
      ['seconds', elapsed.toFixed(0)],
      ['answers', String(seen.answers)],
      ['lost or other', String(seen.wrong.length)],
      ['rounds a second, loop alone', expected.perSecond.toFixed(1)],
      ['rounds a second, served', perSecond.toFixed(1)],
      ['ratio', (perSecond / expected.perSecond).toFixed(2)],
      ['processor time a round, loop alone', `${expected.work.toFixed(1)} ms`],
      ['processor time a round, served', `${work.toFixed(1)} ms`],
      ['first corrected sentence, median', `${quantile(seen.firsts, 0.5).toFixed(0)} ms`],
      ['first corrected sentence, p95', `${quantile(seen.firsts, 0.95).toFixed(0)} ms`],
      ['memory, by quarters of the run', [0, 0.25, 0.5, 0.75].map(quarter).join(', ')],
      ['exit code after SIGTERM', String(code)],
    ],
  ),
);
for (const line of seen.wrong.slice(0, 5)) console.log(line);
process.exitCode = seen.wrong.length > 0 || code !== 0 ? 1 : 0;
