/**
 * `npm run bench -- --model embedded|smollm2|random`: the lab beside what the field uses, the same work,
 * in turn. Every work says whether what came out is the same, and how many times as long as ours the
 * peer took: the median over the rounds, and the least and the most. Peers and models are made at the
 * first run (setup.ts); `--python`, `--onnx` and `--torch` name one's own.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { streamAlignerPrompt, type Passage } from '../../src/align/prompts.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { installedVersions } from '../../src/record/versions.js';
import { formatTable } from '../../src/text/table.js';
import { benchOptions } from '../options.js';
import { Peer } from './peer.js';
import { closeOwn, generatingWorks } from './generating.js';
import { readingWorks, type Setting } from './reading.js';
import { modelKinds, setUpModel, setUpPython, type ModelPair } from './setup.js';

const given = benchOptions(
  {
    command: 'bench',
    about:
      'The lab beside what the field uses: the same work in turn, what comes out compared, and how many\ntimes as long the peer took. bench/peers/README.md has the works and the goals.',
  },
  {
    model: { type: 'string', default: 'embedded', about: modelKinds.join(', ') },
    only: { type: 'string', about: 'works, e.g. states,scan' },
    prompts: { type: 'string', default: '64', about: 'of the passages, from the first one on' },
    rounds: { type: 'string', default: '3', about: 'that count; one before them is thrown away' },
    threads: { type: 'string', default: String(availableParallelism()), about: 'of both sides' },
    out: { type: 'string', about: 'file for the results' },
    passages: { type: 'string', default: 'artifacts/stimuli/arithmetic-test.jsonl', about: 'what prompts are made of' }, // prettier-ignore
    python: { type: 'string', about: 'one that has the peers; else build/peers/venv is made' },
    onnx: { type: 'string', about: 'a model of your own; --torch has the same in PyTorch' },
    torch: { type: 'string', about: 'its folder for Transformers' },
    gguf: { type: 'string', about: 'its file for llama.cpp' },
    stored: { type: 'string', default: 'float16', about: 'what weights Transformers reads the folder as' }, // prettier-ignore
  },
);
const kind = modelKinds.find((one) => one === given.model);
if (!kind) throw new Error(`peers: no model ${given.model} (expected ${modelKinds.join(', ')})`);
const python = given.python ?? setUpPython();
const own = given.onnx !== undefined && given.torch !== undefined;
const pair: ModelPair = own
  ? { onnx: given.onnx ?? '', torch: given.torch ?? '', gguf: given.gguf ?? '' }
  : setUpModel(kind, python);

const threads = Number(given.threads);
const scratch = mkdtempSync(join(tmpdir(), 'aligner-lab-peers-'));
const peer = new Peer(python);
const opened = await peer.ask<{ versions: object }>('open', {
  ...{ model: pair.torch, threads, stored: given.stored },
});
await using model = await loadLanguageModel({ model: pair.onnx, threads });
const lines = readFileSync(given.passages, 'utf8').trim().split('\n');
const texts = lines.slice(0, Number(given.prompts)).map((line) => {
  return model.tokenizer.chatPrompt(streamAlignerPrompt(JSON.parse(line) as Passage));
});
const setting: Setting = {
  ...{ model, peer, scratch, texts, threads, folder: pair.onnx, gguf: pair.gguf },
  rows: texts.map((text) => model.tokenizer.encode(text)),
};

const results: object[] = [];
const table: string[][] = [];
for (const work of [...readingWorks, ...generatingWorks]) {
  if (given.only && !given.only.split(',').includes(work.name)) continue;
  const missing = work.missing?.(setting);
  if (missing) {
    process.stdout.write(`${work.name}  not done: ${missing}\n`);
    continue;
  }
  const ratios: number[] = [];
  const ours: number[] = [];
  let same = '';
  for (let round = 0; round <= Number(given.rounds); round++) {
    const { own, other, unlike } = await work.run(setting, round % 2 === 0);
    same = unlike;
    // The first round opens graphs, and is thrown away.
    if (round === 0) continue;
    ratios.push(other / own);
    ours.push(own);
  }
  const [least = NaN, most = NaN] = [Math.min(...ratios), Math.max(...ratios)];
  const ratio = median(ratios);
  results.push({ work: work.name, peer: work.peer, goal: work.goal, ratio, least, most, ms: median(ours), unlike: same }); // prettier-ignore
  const row = [work.name, work.peer, median(ours).toFixed(0), ratio.toFixed(2), `${least.toFixed(2)}–${most.toFixed(2)}`, work.goal, same]; // prettier-ignore
  table.push(row);
  process.stdout.write(`${row.join('  ')}\n`);
  // After every work, so that a run that is ended early has left what it measured.
  if (given.out) writeResults(given.out);
}
const head = ['work', 'peer', 'ours, ms', 'ratio', 'least–most', 'goal', 'unlike'];
process.stdout.write(`\n${formatTable(head, table)}\n`);
peer.close();
await closeOwn();
rmSync(scratch, { recursive: true });

function writeResults(place: string): void {
  const machine = { processor: cpus()[0]?.model, threads, gigabytes: Math.round(totalmem() / 1e9) };
  const versions = { ...installedVersions(), ...opened.versions };
  const counts = { prompts: texts.length, rounds: Number(given.rounds) };
  const found = { model: own ? pair.onnx : kind, machine, versions, ...counts, results };
  writeFileSync(place, `${JSON.stringify(found, null, 2)}\n`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}
