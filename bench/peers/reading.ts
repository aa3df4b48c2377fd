/** Reading: each work done by the lab and by a peer, and how far the results differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../src/math/random.js';
import { principalComponents } from '../../src/math/pca.js';
import { boundaryStates } from '../../src/read/states.js';
import type { LanguageModel } from '../../src/runtime/decoder.js';
import type { Peer } from './peer.js';

export interface Setting {
  model: LanguageModel;
  /** Its folder. */
  folder: string;
  threads: number;
  /** A GGUF file of the same model with 4 bits a weight; empty where there is none. */
  gguf: string;
  peer: Peer;
  /** For arrays on their way. */
  scratch: string;
  texts: readonly string[];
  rows: readonly (readonly number[])[];
}

/** Milliseconds of both, and in words how far the results differ. */
export interface Measured {
  own: number;
  other: number;
  unlike: string;
}

export interface Work {
  name: string;
  peer: string;
  /** Ratio that is aimed at. */
  goal: string;
  /** Why it is not done here; absent: it is. */
  missing?: (setting: Setting) => string | undefined;
  /** @param first whether the lab goes first */
  run: (setting: Setting, first: boolean) => Promise<Measured>;
}

export async function inTurn<A, B>(
  first: boolean,
  own: () => Promise<A>,
  other: () => Promise<B & { ms: number }>,
): Promise<{ own: number; other: number; result: A; answer: B }> {
  const timed = async (): Promise<{ result: A; ms: number }> => {
    const start = performance.now();
    const result = await own();
    return { result, ms: performance.now() - start };
  };
  const before = first ? await timed() : undefined;
  const answer = await other();
  const { result, ms } = before ?? (await timed());
  return { own: ms, other: answer.ms, result, answer };
}

export const layersOf = ({ model }: Setting): [layers: number, width: number] => [
  model.decoder.info.layers,
  model.decoder.info.width,
];

function floatsOf(path: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

/**
 * Largest difference, in units of the reference's root mean square. The last layer is left out, which
 * Transformers hands out behind the final norm.
 */
function relative(
  own: Float32Array,
  peers: Float32Array,
  [layers, inner]: readonly [number, number],
): string {
  let [largest, squares, count] = [0, 0, 0];
  own.forEach((x, i) => {
    if (Math.floor(i / inner) % layers === layers - 1) return;
    const y = peers[i] ?? NaN;
    largest = Math.max(largest, Math.abs(x - y));
    squares += y * y;
    count++;
  });
  return (largest / Math.max(1, Math.sqrt(squares / count))).toExponential(1);
}

/** @param work of the peer's side */
function states(work: 'states' | 'nnsight_states'): Work['run'] {
  return async (setting, first) => {
    const out = join(setting.scratch, work);
    const { model, peer, rows } = setting;
    const { own, other, result } = await inTurn(
      first,
      async () => await boundaryStates({ decoder: model.decoder, prompts: rows }),
      async () => await peer.ask(work, { rows, out }),
    );
    const [layers, width] = layersOf(setting);
    return { own, other, unlike: relative(result.values, floatsOf(out), [layers, width]) };
  };
}

async function repeng(setting: Setting, first: boolean): Promise<Measured> {
  const out = join(setting.scratch, 'repeng');
  const { model, peer, texts } = setting;
  const { own, other, result } = await inTurn(
    first,
    async () => {
      const prompts = texts.map((text) => model.tokenizer.encode(text));
      return await boundaryStates({ decoder: model.decoder, prompts });
    },
    async () => await peer.ask('repeng', { texts, out }),
  );
  const [layers, width] = layersOf(setting);
  return { own, other, unlike: relative(result.values, floatsOf(out), [layers, width]) };
}

async function steeringVectors(setting: Setting, first: boolean): Promise<Measured> {
  const out = join(setting.scratch, 'difference');
  const { model, peer, texts } = setting;
  const half = texts.length >> 1;
  const [layers, width] = layersOf(setting);
  const { own, other, result } = await inTurn(
    first,
    async () => {
      const prompts = texts.slice(0, 2 * half).map((text) => model.tokenizer.encode(text));
      const { values } = await boundaryStates({ decoder: model.decoder, prompts });
      const mean = new Float32Array(layers * width);
      for (let i = 0; i < mean.length; i++) {
        let sum = 0;
        for (let pair = 0; pair < half; pair++) {
          sum += (values[pair * mean.length + i] ?? 0) - (values[(half + pair) * mean.length + i] ?? 0); // prettier-ignore
        }
        mean[i] = sum / half;
      }
      return mean;
    },
    async () => {
      const pairs = texts.slice(0, half).map((text, i) => [text, texts[half + i]]);
      return await peer.ask('steering_vectors', { pairs, out });
    },
  );
  return { own, other, unlike: relative(result, floatsOf(out), [layers, width]) };
}

/** 32 layers, 512 pairs, width 4096: planted directions in noise. */
async function directions(setting: Setting, first: boolean): Promise<Measured> {
  const [layers, pairs, width] = [32, 512, 4096];
  const [file, out] = [join(setting.scratch, 'differences'), join(setting.scratch, 'components')];
  const random = createRandom('peers');
  const values = new Float32Array(layers * pairs * width);
  const noise = Float32Array.from({ length: 65_536 }, () => random.normal());
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / width);
    const planted = row % 2 === 0 ? 0.3 : -0.3;
    values[i] = (noise[(i * 31 + row * 7919) % noise.length] ?? 0) + planted;
  }
  writeFileSync(file, values);
  const { own, other, result } = await inTurn(
    first,
    () => {
      const found = new Float32Array(layers * width);
      for (let layer = 0; layer < layers; layer++) {
        const rows = values.subarray(layer * pairs * width, (layer + 1) * pairs * width);
        const { components } = principalComponents({ data: rows, rows: pairs, width }); // prettier-ignore
        found.set(components.subarray(0, width), layer * width);
      }
      return Promise.resolve(found);
    },
    async () => await setting.peer.ask('pca', { file, layers, pairs, width, out }),
  );
  const peers = floatsOf(out);
  let worst = 0;
  for (let layer = 0; layer < layers; layer++) {
    let [dot, a, b] = [0, 0, 0];
    for (let i = layer * width; i < (layer + 1) * width; i++) {
      const [x, y] = [result[i] ?? 0, peers[i] ?? 0];
      [dot, a, b] = [dot + x * y, a + x * x, b + y * y];
    }
    worst = Math.max(worst, 1 - Math.abs(dot) / Math.sqrt(a * b));
  }
  return { own, other, unlike: worst.toExponential(1) };
}

const scanned = 20;

async function scan(setting: Setting, first: boolean): Promise<Measured> {
  const [layers, width] = layersOf(setting);
  const [file, out] = [join(setting.scratch, 'directions'), join(setting.scratch, 'scan')];
  const random = createRandom('scan');
  const vectors = Float32Array.from({ length: layers * width }, () => random.normal() / Math.sqrt(width)); // prettier-ignore
  writeFileSync(file, vectors);
  const rows = setting.rows.slice(0, 2);
  const { own, other, result } = await inTurn(
    first,
    async () =>
      await setting.model.decoder.forward({
        tokens: rows,
        project: { directions: vectors, count: 1 },
      }),
    async () => await setting.peer.ask('scan', { rows, count: scanned, directions: file, out }),
  );
  const read = new Float32Array(rows.length * scanned * layers);
  result.forEach(({ projections }, row) => {
    const length = rows[row]?.length ?? 0;
    for (let t = 0; t < scanned; t++) {
      for (let layer = 0; layer < layers; layer++) {
        read[(row * scanned + t) * layers + layer] = projections[layer * length + length - scanned + t] ?? NaN; // prettier-ignore
      }
    }
  });
  return { own, other, unlike: relative(read, floatsOf(out), [layers, 1]) };
}

export const readingWorks: readonly Work[] = [
  { name: 'states', peer: 'Transformers', goal: '1.5', run: states('states') },
  { name: 'states-nnsight', peer: 'nnsight', goal: '1.5', run: states('nnsight_states') },
  { name: 'training', peer: 'repeng', goal: '2', run: repeng },
  { name: 'difference', peer: 'steering-vectors', goal: '2', run: steeringVectors },
  { name: 'directions', peer: 'scikit-learn', goal: '5', run: directions },
  { name: 'scan', peer: 'RepE’s procedure', goal: '20', run: scan },
];
