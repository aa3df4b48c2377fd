/** Weights in the cache: the same bits as without it, and whatever goes wrong costs time only. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { instrument } from '../../src/onnx/instrument.js';
import { mapWeights, packedWeights } from '../../src/onnx/packedWeights.js';
import { readDecoder } from '../../src/onnx/inspect.js';
import { isExternal } from '../../src/onnx/tensors.js';
import { openEngine } from '../../src/runtime/engine/openEngine.js';
import { packedGraph } from '../../src/runtime/packedFile.js';
import { openSession } from '../../src/runtime/session.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';

const scratch = mkdtempSync(join(tmpdir(), 'packed-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const corrector = 'artifacts/models/corrector-arithmetic-s/onnx/model.onnx';
let count = 0;
const newCache = (): string => join(scratch, `cache-${count++}`);
const nothing = (): Promise<void> => Promise.resolve();

/** All that a model says to a prompt, in plain data. */
async function said(
  file: string,
  cache?: string,
  meanwhile = (): void => undefined,
): Promise<unknown> {
  const { engine, info } = await openEngine({
    ...{ file, source: 'x', device: 'cpu', threads: 1 },
    ...(cache !== undefined && { packedWeights: { folder: cache, least: 0 } }),
  });
  meanwhile();
  const { layers, width } = info;
  const direction = Float32Array.from({ length: layers * width }, (_, i) => Math.sin(i) / 4);
  const coefficient = new Float32Array(layers).fill(1);
  const prompts = [
    [3, 1, 4, 1, 5],
    [9, 2, 6],
  ];
  const steering = { direction, coefficient };
  try {
    const [row] = await engine.forward({ tokens: prompts, steering, states: [[4], [2]] }, nothing);
    const { rows } = await engine.generate(
      { prompts, maxNewTokens: 6, stop: [], steering },
      nothing,
    );
    return {
      info,
      tokens: rows.map(({ tokens }) => tokens),
      states: row?.states,
      logits: row?.logits,
    };
  } finally {
    await engine.release();
  }
}

/** The one entry of a cache. */
function entryOf(cache: string): string {
  const names = readdirSync(cache);
  expect(names).toHaveLength(1);
  return join(cache, names[0] ?? '');
}

const exports = ['llama/dynamo-23', 'llama/dynamic-int8', 'qwen2/fp16', 'olmo2/fused', 'gpt2/optimised']; // prettier-ignore
const files = [corrector, ...exports.map((name) => `test/fixtures/decoders/${name}/model.onnx`)];

describe('a model from the cache', () => {
  it.each(files)('says the same, the first and the second time: %s', async (file) => {
    const cache = newCache();
    const plain = await said(file);
    expect(await said(file, cache)).toEqual(plain);
    const data = join(entryOf(cache), 'weights.bin');
    const { mtimeMs, ino } = statSync(data);
    expect(await said(file, cache)).toEqual(plain);
    expect(statSync(data)).toMatchObject({ mtimeMs, ino });
  });

  it('is left alone where its weights lie beside it', async () => {
    const cache = newCache();
    const file = 'test/fixtures/decoders/llama/genai-int4/model.onnx';
    expect(await said(file, cache)).toEqual(await said(file));
    expect(existsSync(cache)).toBe(false);
  });

  it('is left alone where it has nothing to pack, and that is known the next time', async () => {
    const file = 'test/fixtures/decoders/qwen2/nbits-4-all/model.onnx';
    const cache = newCache();
    const plain = await said(file);
    expect(await said(file, cache)).toEqual(plain);
    const entry = entryOf(cache);
    const { ino } = statSync(join(entry, 'weights.json'));
    expect(JSON.parse(readFileSync(join(entry, 'weights.json'), 'utf8'))).toMatchObject({ weights: [] }); // prettier-ignore
    expect(await said(file, cache)).toEqual(plain);
    expect(statSync(join(entry, 'weights.json')).ino).toBe(ino);
  });

  it('has its weights in the file', async () => {
    const graph = readFileSync(corrector);
    const packed = await packedGraph({ cache: newCache(), graph, threads: 1 });
    expect(packed?.graph.length).toBeLessThan(graph.length / 10);
    const { index, layout } = readDecoder(packed?.graph ?? graph);
    const { layout: own } = readDecoder(graph);
    expect(layout).toEqual({ ...own, producer: layout.producer });
    const large = [...index.initializers.values()].filter(({ rawData }) => rawData.length > 1024);
    expect(large).toEqual([]);
  });

  it.each<[string, (entry: string) => void]>([
    ['its list is damaged', (entry) => writeFileSync(join(entry, 'weights.json'), '{"size": 1')],
    ['its file is cut off', (entry) => truncateSync(join(entry, 'weights.bin'), 1000)],
    ['its file is gone', (entry) => rmSync(join(entry, 'weights.bin'))],
  ])('is made anew where %s', async (_, damage) => {
    const cache = newCache();
    const plain = await said(corrector, cache);
    const entry = entryOf(cache);
    const { size } = statSync(join(entry, 'weights.bin'));
    damage(entry);
    expect(await said(corrector, cache)).toEqual(plain);
    expect(statSync(join(entryOf(cache), 'weights.bin')).size).toBe(size);
  });

  it('goes on where the cache is emptied before a graph is opened', async () => {
    const cache = newCache();
    const plain = await said(corrector);
    expect(await said(corrector, cache, () => rmSync(cache, { recursive: true }))).toEqual(plain);
  });

  it('is opened without a cache where that is no folder', async () => {
    const cache = newCache();
    writeFileSync(cache, 'a file');
    expect(await said(corrector, cache)).toEqual(await said(corrector));
    expect(readFileSync(cache, 'utf8')).toBe('a file');
  });

  it('leaves nothing behind but what it keeps, and takes what a killed process left', async () => {
    const cache = newCache();
    const left = join(cache, 'abc-00000000-1-1-00000000.tmp');
    mkdirSync(left, { recursive: true });
    utimesSync(left, new Date(0), new Date(0));
    await said(corrector, cache);
    expect(readdirSync(entryOf(cache)).sort()).toEqual(['weights.bin', 'weights.json']);
  });

  it('makes room by what was not used for longest', async () => {
    const cache = newCache();
    const graphs = [1, 2, 3].map((layers) => tinyDecoder({ layers, width: 64 }));
    const used = async (i: number, most?: number): Promise<string> => {
      const packed = await packedGraph({ cache, graph: graphs[i] ?? new Uint8Array(), threads: 1, ...(most !== undefined && { most }) }); // prettier-ignore
      return packed?.folder ?? '';
    };
    const [first, second] = [await used(0), await used(1)];
    utimesSync(join(second, 'weights.json'), new Date(0), new Date(0));
    const room = ['weights.bin'].map((name) => statSync(join(first, name)).size)[0] ?? 0;
    const third = await used(2, 4 * room);
    expect(readdirSync(cache).map((name) => join(cache, name)).sort()).toEqual([first, third].sort()); // prettier-ignore
  });
});

describe('packedWeights', () => {
  it('takes no weight whose numbers are others in the file', async () => {
    const graph = readFileSync(corrector);
    const saved = join(scratch, 'saved.onnx');
    const session = await openSession(instrument(graph).model, { device: 'cpu', threads: 1, save: { file: saved, data: 'saved.bin' } }); // prettier-ignore
    await session.release();
    const data = readFileSync(join(scratch, 'saved.bin'));
    const read = (offset: number, length: number): Uint8Array => data.subarray(offset, offset + length); // prettier-ignore
    const all = packedWeights(graph, readFileSync(saved), read);
    expect(all.length).toBeGreaterThan(10);
    const [one] = all;
    const place = new Map(one?.place);
    data.writeUInt8((data.readUInt8(Number(place.get('offset'))) + 1) % 256, Number(place.get('offset'))); // prettier-ignore
    const rest = packedWeights(graph, readFileSync(saved), read);
    expect(rest.map(({ name }) => name)).toEqual(all.slice(1).map(({ name }) => name));
    // It stays in the graph.
    const { index } = readDecoder(mapWeights(graph, rest, 'saved.bin'));
    const inside = index.initializers.get(one?.name ?? '');
    expect(inside === undefined || !isExternal(inside)).toBe(true);
  });
});
