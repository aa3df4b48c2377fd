/** Classifiers in ONNX as scorers, on a model that is made here: mean of embeddings, then a matrix. */
import { create } from '@bufbuild/protobuf';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import { afterAll, describe, expect, it } from 'vitest';
import { openClassifier } from '../../src/judge/classifier.js';
import { createRandom } from '../../src/math/random.js';
import { GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { serializeModel } from '../../src/onnx/model.js';
import { openTokenizer } from '../../src/runtime/openTokenizer.js';
import { writeTinyModel } from '../cli/harness.js';
import { temporaryFolder } from '../runtime/models.js';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

const vocabulary = 260;
const width = 4;
const random = createRandom('classifier');
const embedding = Float32Array.from({ length: vocabulary * width }, () => random.normal());

/** A classifier of so many labels, and its weights. */
function writeClassifier(
  name: string,
  labels: number,
  config: object,
): { folder: string; head: Float32Array } {
  const folder = writeTinyModel(temporary.path, name);
  const head = Float32Array.from({ length: width * labels }, () => 9 * random.normal());
  const writer = new GraphWriter('c');
  const table = writer.floats(embedding, [vocabulary, width]);
  const looked = writer.node('Gather', [table, 'input_ids']);
  const mean = writer.node('ReduceMean', [looked], { attributes: { axes: [1], keepdims: 0 } });
  writer.node('MatMul', [mean, writer.floats(head, [width, labels])], { outputs: ['logits'] });
  const ids = [valueInfo('input_ids', DataType.INT64, [null, null])];
  const output = [valueInfo('logits', DataType.FLOAT, [null, labels])];
  const graph = makeGraph('classifier', writer, { input: ids, output });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 17n })];
  const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph });
  writeFileSync(join(folder, 'onnx', 'model.onnx'), serializeModel(model));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return { folder, head };
}

/** The same in numbers. */
function logitsOf(folder: string, head: Float32Array, text: string): number[] {
  const { ids } = openTokenizer(folder).tokenizer.encode(text, { add_special_tokens: true });
  const mean = Array.from(
    { length: width },
    (_, d) => ids.reduce((sum, id) => sum + (embedding[id * width + d] ?? 0), 0) / ids.length,
  );
  const labels = head.length / width;
  return Array.from({ length: labels }, (_, label) =>
    mean.reduce((sum, x, d) => sum + x * (head[d * labels + label] ?? 0), 0),
  );
}

const item = (answer: string) => ({ question: { id: 'q', question: 'Why?' }, answer });

describe('a classifier', () => {
  const { folder, head } = writeClassifier('toxic', 2, {
    ...{ id2label: { 0: 'neutral', 1: 'toxic' }, max_position_embeddings: 200 },
  });
  const chance = (text: string) => {
    const [a = 0, b = 0] = logitsOf(folder, head, text);
    return 1 / (1 + Math.exp(a - b));
  };
  const [low = '', high = ''] = ['Hello.', 'zzz!'].sort((a, b) => chance(a) - chance(b));

  it('gives the probability of its label, and none of a text that is too long', async () => {
    const trial = { better: low, worse: high };
    const scorer = await openClassifier({ model: folder, label: 'toxic', trial });
    expect(scorer).toMatchObject({ name: 'toxic-toxic', unit: 'probability', better: 'lower' });
    const [a, b, long] = await scorer.score([item(low), item(high), item('x'.repeat(300))]);
    expect(a).toBeCloseTo(chance(low), 5);
    expect(b).toBeCloseTo(chance(high), 5);
    expect(long).toBeNull();
    await scorer.close?.();
  });

  it('is refused where the trial comes out the other way', async () => {
    const trial = { better: high, worse: low };
    const opening = openClassifier({ model: folder, label: 'toxic', trial });
    await expect(opening).rejects.toThrow(/toxic finds “.*” no worse than .*lower is better/);
    const turned = await openClassifier({ model: folder, label: 'toxic', trial, better: 'higher' });
    expect(turned.better).toBe('higher');
    await turned.close?.();
  });

  it('with one label gives the logit, whose sign must be said', async () => {
    const reward = writeClassifier('reward', 1, { id2label: { 0: 'LABEL_0' } });
    const value = (text: string) => logitsOf(reward.folder, reward.head, text)[0] ?? NaN;
    const [worse = '', better = ''] = ['Hello.', 'zzz!'].sort((a, b) => value(a) - value(b));
    const asked = { model: reward.folder, trial: { better, worse } };
    await expect(openClassifier(asked)).rejects.toThrow('does not say whether more of LABEL_0');
    const scorer = await openClassifier({ ...asked, better: 'higher' });
    const [found] = await scorer.score([item('Hello.')]);
    expect(found).toBeCloseTo(value('Hello.'), 4);
    expect(scorer.unit).toBe('logit');
    await scorer.close?.();
  });

  it('is refused where nobody says which label counts, and where labels do not fit', async () => {
    const three = writeClassifier('three', 3, { id2label: { 0: 'a', 1: 'b', 2: 'c' } });
    await expect(openClassifier({ model: three.folder })).rejects.toThrow('name one (a, b, c)');
    await expect(openClassifier({ model: folder, label: 'rude' })).rejects.toThrow('no label rude (it has neutral, toxic)'); // prettier-ignore
    const wrong = writeClassifier('wrong', 2, { id2label: { 0: 'safe' } });
    await expect(openClassifier({ model: wrong.folder })).rejects.toThrow(
      'names 1 labels (expected 2',
    );
    const decoder = writeTinyModel(temporary.path, 'decoder');
    await expect(openClassifier({ model: decoder })).rejects.toThrow(
      'is no text classifier (it needs an input ',
    );
  });
});
