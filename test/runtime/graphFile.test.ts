/** Weights beside a graph: what may stand there, and that decoders run from it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { externalWeights, renameExternalData } from '../../src/onnx/externalData.js';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { tensorsOf } from '../../src/onnx/tensors.js';
import type { Decoder, ForwardRow, GenerateRow } from '../../src/runtime/decoder.js';
import { readGraphFile } from '../../src/runtime/graphFile.js';
import { loadDecoder } from '../../src/runtime/load.js';
import { call } from '../cli/harness.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { moveOut, toExternal } from '../onnx/tinyExternal.js';
import type { ExternalModel } from '../onnx/tinyExternal.js';
import { withBranches, withFunction } from '../onnx/tinyVariants.js';
import { temporaryFolder, tokenRow } from './models.js';

const temporary = temporaryFolder();
afterAll(temporary.remove);
const root = realpathSync(temporary.path);
let folder: string;
let file: string;
let count = 0;
const inline = tinyDecoder({ layers: 2 });
const external = toExternal(inline);
const data = 'model.onnx_data';
const place = (name: string): string => join(folder, name);

function write({ graph, weights }: ExternalModel): void {
  writeFileSync(file, graph);
  for (const [name, bytes] of weights) {
    mkdirSync(dirname(place(name)), { recursive: true });
    writeFileSync(place(name), bytes);
  }
}

/** The graph with its first file called otherwise; the file itself stays. */
function renamed(to: string): Uint8Array {
  return renameExternalData(external.graph, (name) => (name === data ? to : name));
}

beforeEach(() => {
  folder = join(root, `model-${count++}`);
  mkdirSync(folder);
  file = place('model.onnx');
  write(external);
});

describe('readGraphFile refuses', () => {
  const cases: [string, () => void, RegExp][] = [
    [
      'a file that is not there',
      () => rmSync(place(data)),
      /model\.onnx_data, which holds weight \S+ of model\.onnx, is not there/,
    ],
    [
      'a file that is too short',
      () => truncateSync(place(data), 5000),
      /model\.onnx_data is too short for weight \S+ of model\.onnx \(expected at least \d+ bytes, got 5000\)/,
    ],
    [
      'a folder',
      () => {
        rmSync(place(data));
        mkdirSync(place(data));
      },
      /is a folder \(expected a regular file\)/,
    ],
    [
      'a device behind a link',
      () => {
        rmSync(place(data));
        symlinkSync('/dev/zero', place(data));
      },
      /is a device or pipe \(expected a regular file\)/,
    ],
    [
      'a pipe, without waiting for it',
      () => {
        rmSync(place(data));
        execFileSync('mkfifo', [place(data)]);
      },
      /is a device or pipe/,
    ],
    [
      'links in a circle',
      () => {
        rmSync(place(data));
        symlinkSync(data, place(data));
      },
      /cannot be reached \(ELOOP\)/,
    ],
    [
      'the graph itself',
      () => writeFileSync(file, renamed('model.onnx')),
      /in the ONNX file itself/,
    ],
    [
      'the graph under another name',
      () => {
        rmSync(place(data));
        linkSync(file, place(data));
      },
      /in the ONNX file itself/,
    ],
    [
      'a path that leaves the folder',
      () => {
        copyFileSync(place(data), join(root, data));
        writeFileSync(file, renamed(`../${data}`));
      },
      /has external data in "\.\.\/model\.onnx_data" .* \(in .*model\.onnx\)/,
    ],
    [
      'an absolute path, even one into the folder',
      () => writeFileSync(file, renamed(place(data))),
      /expected a path below the model's own folder/,
    ],
    [
      'a pipe for a graph',
      () => {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      },
      /model\.onnx is a device or pipe/,
    ],
    [
      'a graph of more than 2 GB',
      () => truncateSync(file, 2 ** 31),
      /is too large \(expected at most 2147483647 bytes, got 2147483648\)/,
    ],
  ];

  it.each(cases)('%s', async (_, damage, message) => {
    damage();
    await expect(readGraphFile(file)).rejects.toThrow(message);
  });

  it('alike for loading, instrument, instrument --inspect and convert', async () => {
    truncateSync(place(data), 5000);
    const message = String(await readGraphFile(file).catch((error: unknown) => error));
    expect(message).toMatch(/too short/);
    const said = message.replace(/^Error: /, '');
    await expect(loadDecoder({ model: folder })).rejects.toThrow(said);
    for (const more of [[], ['--inspect'], ['--graph', 'loop']]) {
      const { code, stderr } = await call(['instrument', folder, ...more], { cwd: root });
      expect([code, stderr]).toEqual([1, `aligner-lab: ${said}\n`]);
    }
  });
});

describe('readGraphFile takes', () => {
  it('files beside the graph as they are', async () => {
    const { bytes, graph, folder: found, weights } = await readGraphFile(file);
    expect(bytes).toEqual(Buffer.from(external.graph));
    expect([graph, found, weights.length]).toEqual([bytes, folder, 2]);
    writeFileSync(file, inline);
    expect(await readGraphFile(file)).toMatchObject({ folder, weights: [] });
  });

  it('a link that its user made, to anywhere, beside files that are none', async () => {
    const elsewhere = join(root, `elsewhere-${count}`);
    mkdirSync(elsewhere);
    renameSync(place(data), join(elsewhere, 'weights'));
    symlinkSync(join(elsewhere, 'weights'), place(data));
    const { graph, folder: common } = await readGraphFile(file);
    expect(common).toBe(root);
    const places = new Set(externalWeights(parseModel(graph).model).map((one) => one.location));
    expect(places).toEqual(
      new Set([`elsewhere-${count}/weights`, `model-${count - 1}/model.onnx_data_1`]),
    );
    await expectSame(folder);
  });
});

const prompts = [tokenRow(5, 50), tokenRow(3, 50, 2)];

interface Result {
  forward: ForwardRow[];
  generated: GenerateRow[];
}

async function runs(decoder: Decoder): Promise<Result> {
  const forward = await decoder.forward({ tokens: prompts, logits: [[0, 4], [2]] });
  const { rows } = await decoder.generate({ prompts, maxNewTokens: 6, stop: [] });
  return { forward, generated: rows };
}

/** Forward and loop give the same bits as with the weights inside. */
async function expectSame(model: string, bytes = inline): Promise<void> {
  const whole = join(root, `inline-${count++}.onnx`);
  writeFileSync(whole, bytes);
  await using expected = await loadDecoder({ model: whole, threads: 1 });
  await using decoder = await loadDecoder({ model, threads: 1 });
  expect(await runs(decoder)).toEqual(await runs(expected));
}

describe('a decoder runs as with its weights inside, where they are', () => {
  it.each([
    ['in one file', [data]],
    ['in two', [data, 'model.onnx_data_1']],
    ['in many, in a folder', Array.from({ length: 7 }, (_, i) => `weights/part-${i}.bin`)],
  ])('%s', async (_, files) => {
    write(toExternal(inline, { files }));
    await expectSame(folder);
  });

  it('tied: two tensors, one place', async () => {
    const { model } = parseModel(inline);
    const large = [...tensorsOf(model)].filter(({ rawData }) => rawData.length === 6400);
    const [table] = large;
    // The embedding `[V, D]` and the head `[D, V]` have as many numbers.
    expect(large).toHaveLength(2);
    for (const tensor of large) tensor.rawData = table?.rawData ?? tensor.rawData;
    const tied = serializeModel(model);
    const moved = toExternal(tied);
    const places = externalWeights(parseModel(moved.graph).model).map(
      ({ location, offset }) => `${location}:${offset}`,
    );
    expect(new Set(places).size).toBe(places.length - 1);
    write(moved);
    await expectSame(folder, tied);
  });

  it('more than 4 GB into a file, which nothing reads as a whole', async () => {
    const far = 2 ** 32 + 4096;
    const { model } = parseModel(external.graph);
    for (const tensor of tensorsOf(model)) {
      const [weight] = tensor.externalData.length > 0 ? placesOf(tensor.name) : [];
      if (weight?.location !== data) continue;
      const offset = String(weight.offset + far);
      moveOut(tensor, { location: data, offset, length: String(weight.length) });
    }
    // A hole, which takes no room on the disk.
    const content = readFileSync(place(data));
    truncateSync(place(data), 0);
    const handle = openSync(place(data), 'r+');
    writeSync(handle, content, 0, content.length, far);
    closeSync(handle);
    writeFileSync(file, serializeModel(model));
    await expectSame(folder);
  });

  function placesOf(name: string): ReturnType<typeof externalWeights> {
    return externalWeights(parseModel(external.graph).model).filter((one) => one.name === name);
  }
});

it.each([
  ['functions of its own', withFunction],
  ['branches inside branches', (bytes: Uint8Array) => withBranches(bytes, 3)],
])('a decoder with %s runs as one without', async (_, vary) => {
  writeFileSync(file, vary(inline));
  await expectSame(folder);
});

describe('aligner-lab instrument', () => {
  it('says where the weights stay, unless the graph is written beside them', async () => {
    const out = join(root, `out-${count}.onnx`);
    const away = await call(['instrument', folder, '--out', out], { cwd: root });
    expect(away.stderr).toContain(`the weights stay in ${folder}`);
    const beside = await call(['instrument', folder, '--out', place('new.onnx'), '--json'], {
      cwd: root,
    });
    expect(beside.stderr).toBe('');
    expect(JSON.parse(beside.stdout)).toMatchObject({ weights: folder });
    expect(externalWeights(parseModel(readFileSync(place('new.onnx'))).model)).toEqual(
      externalWeights(parseModel(external.graph).model),
    );
  });
});
