/** A decoder on disk with a LoRA adapter beside it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withAdapter } from '../../src/runtime/adapterFiles.js';
import { hashModel } from '../../src/runtime/hashModel.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { findModel } from '../../src/runtime/modelFiles.js';
import { resolveModel } from '../../src/runtime/resolveModel.js';
import { tinyAdapter, type TinyAdapter } from '../onnx/tinyAdapter.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { toExternal } from '../onnx/tinyExternal.js';
import { temporaryFolder, writeModel } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const q = { 'model.layers.0.self_attn.q_proj': { into: 32, out: 32 } };

function writeAdapter(name: string, { config, weights }: Omit<TinyAdapter, 'tensors'>): string {
  const path = join(folder.path, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'adapter_config.json'), config);
  writeFileSync(join(path, 'adapter_model.safetensors'), weights);
  return path;
}

const base = writeModel(folder.path, 'base', tinyDecoder());
const adapter = writeAdapter('task', tinyAdapter(q));
const logits = async (model: string, adapter?: string): Promise<Float32Array> => {
  await using decoder = await loadDecoder({ model, adapter, threads: 1 });
  const [row] = await decoder.forward({ tokens: [[3, 7, 11]], logits: [[2]] });
  return row?.logits ?? new Float32Array();
};

describe('a model with an adapter', () => {
  it('is another model, by either name, and the base stays as it is', async () => {
    const before = readFileSync(join(base, 'onnx/model.onnx'));
    const plain = await logits(base);
    const adapted = await logits(base, adapter);
    expect(adapted).not.toEqual(plain);
    expect(await logits(`${base}+${adapter}`)).toEqual(adapted);
    expect(readFileSync(join(base, 'onnx/model.onnx')).equals(before)).toBe(true);
  });

  it('has its own name, source and hash, which a change in the adapter changes', async () => {
    const files = await resolveModel(`${base}+${adapter}`);
    expect(files).toMatchObject({ name: 'base+task', source: `${base}+${adapter}`, adapter });
    await using decoder = await loadDecoder({ model: files, threads: 1 });
    const sha256 = await hashModel(files);
    expect(decoder.info).toMatchObject({ sha256, source: `${base}+${adapter}` });
    expect(sha256).not.toBe(await hashModel({ file: files.file }));
    const stronger = writeAdapter('stronger', tinyAdapter(q, { lora_alpha: 7 }));
    expect(await hashModel({ ...files, adapter: stronger })).not.toBe(sha256);
  });

  it('may have its weights beside the graph', async () => {
    const outside = toExternal(tinyDecoder());
    const path = writeModel(folder.path, 'outside', outside.graph);
    for (const [name, bytes] of outside.weights) writeFileSync(join(path, 'onnx', name), bytes);
    expect(await logits(path, adapter)).toEqual(await logits(base, adapter));
  });

  it('is refused with the reason', async () => {
    const files = findModel(base);
    expect(() => withAdapter(files, './nothing')).toThrow(
      /nothing found for ".\/nothing".*hf download/,
    );
    expect(() => withAdapter(withAdapter(files, adapter), adapter)).toThrow(
      /has an adapter already/,
    );
    const pickled = writeAdapter('pickled', tinyAdapter(q));
    rmSync(join(pickled, 'adapter_model.safetensors'));
    writeFileSync(join(pickled, 'adapter_model.bin'), '');
    expect(() => withAdapter(files, pickled)).toThrow(
      /only adapter_model.bin, which would run code/,
    );
    const wide = writeAdapter('wide', tinyAdapter({ [Object.keys(q)[0] ?? '']: { into: 8, out: 32 } })); // prettier-ignore
    await expect(loadDecoder({ model: base, adapter: wide })).rejects.toThrow(
      /another size .*\(in .*model\.onnx\)/,
    );
  });

  it('a plus in the name of a folder is no adapter', async () => {
    const plus = writeModel(folder.path, 'a+b', tinyDecoder());
    expect(await resolveModel(plus)).toMatchObject({ name: 'a+b', source: plus });
    await expect(resolveModel(`${base}+nothing`)).rejects.toThrow(/adapter: nothing found/);
  });
});
