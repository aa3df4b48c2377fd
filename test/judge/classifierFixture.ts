/** A text classifier that is made here: mean of embeddings, then a matrix. */
import { create } from '@bufbuild/protobuf';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
} from 'onnx-buf';
import { createRandom } from '../../src/math/random.js';
import { GraphWriter, makeGraph, valueInfo } from '../../src/onnx/build.js';
import { serializeModel } from '../../src/onnx/model.js';
import { openTokenizer } from '../../src/runtime/openTokenizer.js';
import { writeTinyModel } from '../cli/harness.js';

const vocabulary = 260;
const width = 4;
const random = createRandom('classifier');
const embedding = Float32Array.from({ length: vocabulary * width }, () => random.normal());

/** A classifier of so many labels, and its weights. @param place the folder that it lies in */
export function writeClassifier(
  place: string,
  name: string,
  labels: number,
  config: object,
): { folder: string; head: Float32Array } {
  const folder = writeTinyModel(place, name);
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
export function logitsOf(folder: string, head: Float32Array, text: string): number[] {
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
