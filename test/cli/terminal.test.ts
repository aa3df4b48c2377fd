/** The law of all commands: no raw control leaves, whatever models, files and servers say. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { saveDirections } from '../../src/read/files/directionFile.js';
import { toJson } from '../../src/record/json.js';
import { scanExample } from '../experiment/examples.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { reportExample } from '../reproduce/example.js';
import { temporaryFolder, writeModel } from '../runtime/models.js';
import { call, writeQuadruples, writeStimuliFile, writeTinyModel } from './harness.js';

// Whole commands, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
const folder = temporaryFolder();
const cwd = folder.path;
afterAll(folder.remove);

/** A title, a link, the clipboard, a cleared screen, C1, an order turned round, hidden letters. */
const evil =
  '\u001b]0;t\u0007\u001b]8;;http://x\u001b\\\u001b]52;c;eA==\u0007\u001b[2J\u009b31m\r\b\u202eevil\u2066\u200b\u{e0041}\u007f\u2028z';
/** As a part of a name of a file. */
const evilName = evil.replaceAll('/', '');

/** Everything that may not leave, whatever the lab itself sends. */
const raw =
  /(?![\n\t])\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;
/** What the lab sends to a terminal: its line of progress, its colours. */
// eslint-disable-next-line no-control-regex
const own = /\r\u001b\[K|\u001b\[[34]8;(?:5;\d+|2;\d+;\d+;\d+)m|\u001b\[0m/g;

function write(name: string, content: string | Uint8Array): string {
  mkdirSync(join(cwd, name, '..'), { recursive: true });
  writeFileSync(join(cwd, name), content);
  return name;
}
const writeRows = (name: string, rows: readonly unknown[]): string =>
  write(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

const model = writeTinyModel(cwd, `tiny ${evilName}`);
const stimuli = writeStimuliFile(cwd, 40);
const problems = writeQuadruples(cwd, 'test', 4);
const validation = writeQuadruples(cwd, 'validation', 4);
const question = `How many ${evil}?`;
const rows = [{ question, answer: `So ${evil} is 1.`, group: `easy ${evil}` }];
const questions = writeRows(`questions ${evilName}.jsonl`, rows);
const upstream = `recorded:${writeRows(`upstream ${evilName}.jsonl`, rows)}#by-count`;
const corrector = `recorded:${writeRows(`corrector ${evilName}.jsonl`, [
  { question, prefix: '', last: rows[0]?.answer, correction: 'No.' },
  { question, prefix: 'No.', last: '', correction: '' },
  { question, prefix: '', last: '', correction: '' },
])}`;
/** What is left of the answer: control characters are taken out of what a model writes. */
const cleaned = 'So \u202eevil\u2066\u200b\u{e0041}\u2028z is 1.';
const moods = writeRows(
  'moods.jsonl',
  Array.from({ length: 32 }, (_, i) => ({
    ...{ label: i % 2 === 0 ? 'happy' : `sad ${evil}`, pair: i >> 1 },
    text: `Today ${i >> 1} ${evil} I ${i % 2}`,
  })),
);
const direction = `direction ${evilName}.safetensors`;
await saveDirections(join(cwd, direction), {
  directions: { method: `pca ${evil}`, layers: 3, width: 16, vectors: new Float32Array(48).fill(0.25), explainedVariance: [] }, // prettier-ignore
  origin: { model: `tiny ${evil}`, modelSha256: evil, stimuliSha256: evil, seed: evil },
});
const run = `run ${evilName}`;
write(`${run}/scan.json`, toJson({ ...scanExample, model: evil }));
write(`${run}/report.json`, toJson({ ...reportExample, data: evil }));
write(`odd/scan.json`, toJson({ [evil]: evil, model: evil }));
write(`torn/scan.json`, `{"model": ${evil}`);
write(`torn/lens.json`, evil);

/** A model folder with one file changed. */
function spoilt(name: string, file: string, content: string): string {
  const made = writeTinyModel(cwd, name);
  writeFileSync(join(made, file), content);
  return made;
}
const config = JSON.parse(readFileSync(join(model, 'tokenizer_config.json'), 'utf8')) as object;
const template = JSON.stringify({ ...config, chat_template: `{{ raise_exception('${evil.replaceAll('\\', '')}') }}` }); // prettier-ignore
const raising = spoilt('raising', 'tokenizer_config.json', template);
const unknown = spoilt('unknown', 'tokenizer_config.json', JSON.stringify({ ...config, tokenizer_class: evil, chat_template: `{{ ${evil}` })); // prettier-ignore
const damaged = spoilt('damaged', 'tokenizer.json', `{"version": ${evil}`);
const noGraph = writeModel(cwd, 'noGraph', Buffer.from(evil));
const adapter = 'adapter';
write(
  `${adapter}/adapter_config.json`,
  JSON.stringify({ peft_type: evil, target_modules: [evil] }),
);
write(`${adapter}/adapter_model.safetensors`, evil);
/** Names within the graph. */
const named = tinyDecoder({ vocabulary: 260, width: 16, maxLength: 64 });
const odd = writeModel(cwd, `odd ${evilName}`, Buffer.from(named).subarray(0, named.length - 40));

/** A job of another machine, which no machine can help with. */
const job = { id: 'sweep-1a2b3c4d', run: evil, command: evil, options: {}, cores: 1, versions: { [evil]: evil }, inputs: {}, device: evil, host: evil, pid: 1, started: evil }; // prettier-ignore
write('machines/jobs/sweep-1a2b3c4d/job.json', JSON.stringify(job));
const part = { host: evil, pid: 1, state: 'failed', reason: evil, since: evil };
write('machines/jobs/sweep-1a2b3c4d/by-1.json', JSON.stringify(part));

/** A run with records. */
const kept = `kept ${evilName}`;
write(`${kept}/manifest.json`, JSON.stringify({ command: 'lens', options: {}, seeds: {}, versions: {}, device: evil, inputs: [], started: evil })); // prettier-ignore
write(`${kept}/records.jsonl`, `${JSON.stringify({ kind: 'lens', problem: evil, label: 'copy', layers: [] })}\n`); // prettier-ignore
write('other/manifest.json', JSON.stringify({ command: evil }));

const small = ['--threads', '1'];
const tiny = ['--model', model, ...small];
/** Of every command, some lines that show, and some that fail. */
const lines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'lat-scan': [
    [...tiny, '--stimuli', moods, '--labels', 'given', '--label-names', `happy,sad ${evil}`, '--tokens', '4', '--out', `scan ${evilName}`], // prettier-ignore
    [...tiny, '--stimuli', evil],
    ['--model', evil],
    ['--model', raising, '--stimuli', stimuli, ...small],
  ],
  extract: [
    [...tiny, '--stimuli', stimuli, '--store', 'store', '--out', `extract ${evilName}`],
    ['--model', unknown, '--stimuli', stimuli, ...small],
    ['--model', damaged, '--stimuli', stimuli, ...small],
  ],
  sweep: [
    [...tiny, '--mode', 'fixed', '--stimuli', stimuli, '--problems', problems, '--validation', validation, '--limit', '2', '--coefficient', '-1,0,1', '--layers', '1', '--scale', '0.5', '--controls', '1', '--store', 'store', '--out', 'sweep'], // prettier-ignore
    [...tiny, '--direction', direction],
    [...tiny, '--stimuli', stimuli, '--problems', write('problems.jsonl', `{"question": "${evil}`)],
  ],
  causal: [
    [...tiny, '--stimuli', stimuli, '--problems', problems, '--validation', validation, '--limit', '2', '--coefficients', '0.5', '--controls', '1', '--pairs', '1', '--layers', '1', '--store', 'store', '--out', 'causal'], // prettier-ignore
    [...tiny, '--problems', evil],
    ['--coefficients', evil],
  ],
  lens: [
    [...tiny, '--problems', problems, '--limit', '2', '--out', 'lens'],
    ['--model', noGraph],
  ],
  evaluate: [
    ['--upstream', upstream, '--questions', questions, '--corrector', corrector, '--systems', 'upstream,stream', '--quadruples', writeRows('none.jsonl', []), '--out', 'evaluate'], // prettier-ignore
    ['--questions', evil],
  ],
  compare: [
    ['--upstream', model, '--correctors', model, '--questions', questions, '--samples', '1', '--rounds', '1', '--timed', '1', ...small, '--out', 'compare'], // prettier-ignore
    ['--upstream', evil],
  ],
  rounds: [
    ['--upstream', upstream, '--questions', questions, '--correctors', corrector, '--rounds', '1', '--out', 'rounds'], // prettier-ignore
    ['--upstream', upstream, '--questions', questions, '--correctors', upstream],
  ],
  align: [
    [question, '--upstream', upstream, '--model', corrector, '--page', `page ${evilName}.html`],
    [question, '--upstream', model, '--rounds', '2', ...tiny],
    [question, '--upstream', `http://${evil}/v1#m`],
    ['--problem', evil],
    ['Else?', '--upstream', upstream, '--model', corrector],
  ],
  serve: [
    ['--upstream', upstream, '--model', corrector, '--port', '0', '--model-name', evil],
    ['--upstream', upstream, '--model', corrector, '--port', '0', '--api-key-file', evil],
    ['--model', model, '--port', '0', '--direction', evil],
  ],
  play: [
    ['--upstream', upstream, '--model', corrector, '--no-open', '--model-name', evil],
    ['--upstream', evil],
  ],
  calibrate: [
    ['--upstream', model, '--model', model, '--direction', direction, '--layers', '1', '--questions', questions, '--held-out', questions, '--coefficient', '0,1', ...small, '--out', `calibration ${evilName}.json`], // prettier-ignore
    ['--upstream', model, '--model', model, '--direction', evil],
  ],
  generate: [
    [evil, ...tiny, '--max-new-tokens', '60'],
    [evil, ...tiny, '--direction', direction, '--layers', '1', '--max-new-tokens', '20'],
    ['a', '--model', raising],
    ['a', '--model', unknown],
    ['a', '--model', model, '--adapter', join(cwd, adapter)],
  ],
  reproduce: [
    ['--upstream', evil],
    ['--only', evil],
  ],
  plot: [[run, '--out', `figures ${evilName}`], ['odd'], ['torn'], [evil]],
  records: [[kept, '--out', `records ${evilName}.parquet`], ['other'], [run], [evil]],
  dataset: [
    ['problems', '--count', '2'],
    [evil],
    ['written', '--out', `${evilName}/x.jsonl`, '--count', '2'],
  ],
  convert: [
    [direction, '--out', `out ${evilName}.gguf`],
    [direction, '--out', 'x.npy', '--model', model],
    [write('bad.gguf', evil), '--out', 'y.safetensors'],
    [evil, '--out', 'z.npy'],
  ],
  instrument: [
    [model, '--inspect'],
    [model, '--out', `steered ${evilName}.onnx`],
    [odd],
    [noGraph],
  ],
  doctor: [[], [`--${evil}`]],
  status: [
    ['--store', 'machines'],
    [evil, '--store', 'machines'],
  ],
  worker: [
    ['--store', 'machines', '--until-idle'],
    ['--store', 'machines', '--job', evil],
  ],
  cancel: [
    ['sweep-1a2b3c4d', '--store', 'machines'],
    [evil, '--store', 'machines'],
  ],
  completion: [['bash'], [evil]],
};

it('knows every command', () => {
  expect(Object.keys(lines).sort()).toEqual(commands.map(({ name }) => name).sort());
});

/** What is refused even at its best: a model of these is named by mistake, a direction is another's. */
const refused = new Set(['reproduce', 'calibrate']);

describe.each(Object.entries(lines))('%s', (name, calls) => {
  const [first = [], ...others] = calls;
  const cases = [[...first, '--json'], ...others].map((argv) => ({ argv, isTTY: false }));

  it.each([...cases, { argv: first, isTTY: true }])(
    'sends nothing raw of what it was given: call %#',
    async ({ argv, isTTY }) => {
      const how = {
        cwd,
        isTTY,
        endsAt: / on http:\S+\/v1/,
        env: { HF_HUB_OFFLINE: '1', HF_HOME: cwd },
      };
      const { code, stdout, stderr } = await call([name, ...argv], how);
      const text = (stdout + stderr).replace(isTTY ? own : '', '');
      expect(text.split('\n').filter((line) => raw.test(line))).toEqual([]);
      if (argv === first && !refused.has(name)) expect(code, stderr).toBe(0);
      if (argv.includes('--json') && code === 0) JSON.parse(stdout);
    },
  );
});

describe('what was there is seen', () => {
  it('in an answer, a question and an error', async () => {
    const answer = await call(['align', question, '--upstream', upstream, '--model', corrector], { cwd }); // prettier-ignore
    expect(answer.stdout).toContain(
      'How many \\x1b]0;t\\x07\\x1b]8;;http://x\\x1b\\\\x1b]52;c;eA==\\x07',
    );
    expect(answer.stdout).toContain('\\u202eevil\\u2066\\u200b\\udb40\\udc41');
    const error = await call(['generate', 'a', '--model', raising], { cwd });
    expect(error.stderr).toContain('\\x1b]0;t\\x07');
  });

  it('as JSON, and is what it was', async () => {
    const argv = ['align', question, '--upstream', upstream, '--model', corrector, '--json'];
    const { stdout } = await call(argv, { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ question, rounds: [{ last: cleaned }, {}] });
  });

  it('and no line of an error begins like the lab’s own', async () => {
    const { stderr } = await call([`x\naligner-lab: all is well`], { cwd });
    expect(stderr.match(/^aligner-lab:/gm)).toHaveLength(1);
  });

  it('where a library or a worker thread writes, too', () => {
    const main = new URL('../../dist/cli/main.js', import.meta.url);
    const script = `
      import { Worker } from 'node:worker_threads';
      import { main } from ${JSON.stringify(main.href)};
      await main('aligner-lab');
      console.warn('stray \\x1b[2J');
      console.log('é \\u202e');
      new Worker("console.error('worker \\\\x9b2J')", { eval: true });`;
    const argv = [join(cwd, write('stray.mjs', script)), '--version'];
    const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\né \\u202e\n$/);
    expect(stderr).toBe('stray \\x1b[2J\nworker \\u009b2J\n');
  });
});
