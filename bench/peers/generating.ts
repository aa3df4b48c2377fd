/** Generation: by the lab, by a peer, and by the lab with less to do. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AutoModelForCausalLM, Tensor, env, type PreTrainedModel } from '@huggingface/transformers';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import type { GenerateRequest } from '../../src/runtime/decoder.js';
import { Engine } from '../../src/runtime/engine/engine.js';
import { buildGraph } from '../../src/runtime/engine/graphKinds.js';
import { loadLanguageModel } from '../../src/runtime/load.js';
import { openSession } from '../../src/runtime/session.js';
import { inTurn, layersOf, type Measured, type Setting, type Work } from './reading.js';

const tokens = 24;

/** Half of the width's signs, as long as a typical state. */
function directionOf(setting: Setting): number[] {
  const [, width] = layersOf(setting);
  return Array.from({ length: width }, (_, i) => (((i * 40503) % 11 < 5 ? 1 : -1) * 2) / Math.sqrt(width)); // prettier-ignore
}

/** Steered at the given layers, every position. */
function steeredAt(setting: Setting, at: readonly number[]): GenerateRequest['steering'] {
  const [layers, width] = layersOf(setting);
  const direction = new Float32Array(layers * width);
  const coefficient = new Float32Array(layers);
  for (const layer of at) {
    direction.set(directionOf(setting), layer * width);
    coefficient[layer] = 1;
  }
  return { direction, coefficient, positions: 'all' };
}

const request = (rows: GenerateRequest['prompts'], more: Partial<GenerateRequest> = {}): GenerateRequest => ({ prompts: rows, maxNewTokens: tokens, stop: [], ...more }); // prettier-ignore

function compared(
  own: readonly (readonly number[])[],
  other: readonly (readonly number[])[],
): string {
  const unlike = own.filter((row, i) => String(row) !== String(other[i]));
  return `${unlike.length} of ${own.length} rows`;
}

/**
 * A vector added at the middle layer: by a forward hook in Transformers, or by nnsight.
 * @param work of the peer's side
 */
function hooked(count: number, work: 'generate' | 'nnsight_generate' = 'generate'): Work['run'] {
  return async (setting, first) => {
    const layer = layersOf(setting)[0] >> 1;
    const rows = setting.rows.slice(0, count);
    const { own, other, result, answer } = await inTurn(
      first,
      () =>
        setting.model.decoder.generate(request(rows, { steering: steeredAt(setting, [layer]) })),
      () => {
        const steer = { layer, vector: directionOf(setting) };
        return setting.peer.ask<{ tokens: number[][] }>(work, { rows, tokens, steer });
      },
    );
    return { own, other, unlike: compared(result.rows.map((row) => row.tokens), answer.tokens) }; // prettier-ignore
  };
}

/** llama.cpp, unsteered, on 4-bit weights; the lab rounds its own to 4 bits, and steers. */
async function llamaCpp(setting: Setting, first: boolean): Promise<Measured> {
  const model = (fourBits ??= await loadLanguageModel({
    ...{ model: setting.folder, threads: setting.threads, precision: 'int4' },
  }));
  const rows = setting.rows.slice(0, 1);
  const layer = layersOf(setting)[0] >> 1;
  const { threads, gguf } = setting;
  const { own, other, answer } = await inTurn(
    first,
    () => model.decoder.generate(request(rows, { steering: steeredAt(setting, [layer]) })),
    () => setting.peer.ask<{ text: string }>('llama', { ...{ gguf, threads, tokens }, row: rows[0] }), // prettier-ignore
  );
  const plain = await model.decoder.generate(request(rows));
  const written = model.tokenizer.decode(plain.rows[0]?.tokens ?? []);
  const same = [...written].findIndex((character, i) => character !== answer.text[i]);
  const alike = same < 0 ? written.length : same;
  return {
    own,
    other,
    unlike: `unsteered, the first ${alike} of ${written.length} characters alike`,
  };
}

let fourBits: Awaited<ReturnType<typeof loadLanguageModel>> | undefined;
let transformersJs: PreTrainedModel | undefined;

/** A copy of the model whose rows are called what transformers.js looks for, `batch_size`. */
function renamed({ folder, scratch }: Setting): string {
  const copy = join(scratch, 'model');
  cpSync(folder, copy, { recursive: true });
  const file = join(copy, 'onnx', 'model.onnx');
  const { model, graph } = parseModel(new Uint8Array(readFileSync(file)));
  for (const { type } of graph.input) {
    if (type?.value.case !== 'tensorType') continue;
    const [rows] = type.value.value.shape?.dim ?? [];
    if (rows?.value.case === 'dimParam') rows.value.value = 'batch_size';
  }
  writeFileSync(file, serializeModel(model));
  return copy;
}

/** transformers.js, unsteered, from the same file. */
async function inJavaScript(setting: Setting, first: boolean): Promise<Measured> {
  env.allowRemoteModels = false;
  const session = { intraOpNumThreads: setting.threads };
  const loaded = (transformersJs ??= await AutoModelForCausalLM.from_pretrained(renamed(setting), {
    ...{ local_files_only: true, dtype: 'fp32', device: 'cpu', session_options: session },
  }));
  const row = setting.rows[0] ?? [];
  const ids = new Tensor('int64', BigInt64Array.from(row, BigInt), [1, row.length]);
  const ones = new Tensor('int64', new BigInt64Array(row.length).fill(1n), [1, row.length]);
  const { own, other, result, answer } = await inTurn(
    first,
    () => setting.model.decoder.generate(request([row])),
    async () => {
      const start = performance.now();
      const made = (await loaded.generate({
        ...{ input_ids: ids, attention_mask: ones, do_sample: false },
        ...{ max_new_tokens: tokens, eos_token_id: -1 },
      })) as Tensor;
      return { made, ms: performance.now() - start };
    },
  );
  const written = Array.from(answer.made.data as BigInt64Array, Number).slice(row.length);
  return { own, other, unlike: compared([result.rows[0]?.tokens ?? []], [written]) };
}

let plainLoop: Engine | undefined;

/** The loop without steering and reading built in. */
function plainEngine({ folder, threads }: Setting): Engine {
  const bytes = new Uint8Array(readFileSync(join(folder, 'onnx', 'model.onnx')));
  return new Engine({
    layout: inspectDecoder(bytes),
    open: (kind) => openSession(buildGraph(bytes, kind), { device: 'cpu', threads }),
    ...{ now: () => performance.now(), lean: true },
  });
}

/** What is compiled in, against the lab's own loop without it. */
function overhead(
  count: number,
  more: (setting: Setting) => Partial<GenerateRequest>,
): Work['run'] {
  return async (setting, first) => {
    const plain = (plainLoop ??= plainEngine(setting));
    const rows = setting.rows.slice(0, count);
    const { own, other } = await inTurn(
      first,
      () => setting.model.decoder.generate(request(rows, more(setting))),
      async () => {
        const start = performance.now();
        await plain.generate(request(rows), () => Promise.resolve());
        return { ms: performance.now() - start };
      },
    );
    return { own, other, unlike: '' };
  };
}

const everyLayer = (setting: Setting): number[] => Array.from({ length: layersOf(setting)[0] }, (_, layer) => layer); // prettier-ignore

function readEveryLayer(setting: Setting): Partial<GenerateRequest> {
  const [layers, width] = layersOf(setting);
  return { project: { directions: new Float32Array(layers * width).fill(0.01), count: 1 } };
}

/** 17 coefficients at two thirds of the depth, on the prompt, against one unsteered generation. */
function sweep(count: number): Work['run'] {
  return async (setting, first) => {
    const rows = setting.rows.slice(0, count);
    const [layers] = layersOf(setting);
    const layer = Math.round((2 * layers) / 3);
    const grid = Array.from({ length: 17 }, (_, c) => (c - 8) / 8);
    const { direction } = steeredAt(setting, [layer]) ?? {};
    const own = async (): Promise<void> => {
      // As a sweep does it: a few prompts at a time, each at all coefficients.
      for (let from = 0; from < rows.length; from += 2) {
        const some = rows.slice(from, from + 2).flatMap((row) => grid.map((c) => ({ row, c })));
        const coefficient = new Float32Array(some.length * layers);
        some.forEach(({ c }, i) => (coefficient[i * layers + layer] = c));
        await setting.model.decoder.generate(
          request(some.map(({ row }) => row), { steering: { direction, coefficient } }), // prettier-ignore
        );
      }
    };
    const one = async (): Promise<{ ms: number }> => {
      const start = performance.now();
      await setting.model.decoder.generate(request(rows));
      return { ms: performance.now() - start };
    };
    const measured = await inTurn(first, own, one);
    return { own: measured.own, other: measured.other, unlike: '' };
  };
}

const noFile = ({ gguf }: Setting): string | undefined => (gguf === '' ? 'no --gguf' : undefined);

export const generatingWorks: readonly Work[] = [
  { name: 'steered-1', peer: 'Transformers, hooks', goal: '3', run: hooked(1) },
  { name: 'steered-1-nnsight', peer: 'nnsight', goal: '3', run: hooked(1, 'nnsight_generate') },
  { name: 'steered-32', peer: 'Transformers, hooks', goal: '1.5', run: hooked(32) },
  { name: 'four-bits', peer: 'llama.cpp, Q4_1', goal: '1', run: llamaCpp, missing: noFile },
  { name: 'plain', peer: 'transformers.js', goal: '1.3', run: inJavaScript },
  { name: 'overhead-steering', peer: 'own loop without it', goal: '0.98', run: overhead(1, (setting) => ({ steering: steeredAt(setting, everyLayer(setting)) })) }, // prettier-ignore
  { name: 'overhead-reading', peer: 'own loop without it', goal: '0.97', run: overhead(1, readEveryLayer) }, // prettier-ignore
  { name: 'sweep-1', peer: 'one own generation', goal: '0.25', run: sweep(1) },
  { name: 'sweep-32', peer: 'one own generation', goal: '0.1', run: sweep(32) },
];

/** Closes what the works have opened beside the model. */
export async function closeOwn(): Promise<void> {
  await fourBits?.close();
  await plainLoop?.release();
  await transformersJs?.dispose();
}
