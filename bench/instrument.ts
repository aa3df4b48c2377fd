/**
 * `npm run bench:instrument`: time and memory of instrumenting a decoder of 8 billion parameters.
 *
 * The graph has the shape of Llama 3 8B (32 layers, width 4096, MLP 14336, 128,256 tokens), once in
 * single operators and once in ONNX Runtime's fused ones, with all weights in one external file.
 * That file is a hole of the right length: whatever read it would take minutes to do so. The bar:
 * each step takes less than a second, and memory is of the order of the graph.
 */
import { create } from '@bufbuild/protobuf';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TensorProto_DataType as DataType, TensorProtoSchema } from 'onnx-buf';
import type { GraphWriter } from '../src/onnx/build.js';
import { inspectDecoder } from '../src/onnx/inspect.js';
import { instrument } from '../src/onnx/instrument.js';
import { instrumentLoop } from '../src/onnx/loop/loop.js';
import { readGraphFile } from '../src/runtime/graphFile.js';
import { tinyDecoder } from '../test/onnx/tinyDecoder.js';
import { moveOut } from '../test/onnx/tinyExternal.js';

const llama = { layers: 32, width: 4096, heads: 32, inner: 14_336, vocabulary: 128_256 };
const data = 'model.onnx_data';
const [, , measured] = process.argv;
if (measured !== undefined) await measure(measured);
else compare();

/** Each graph in a process of its own, as it is when a model is loaded. */
function compare(): void {
  const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-bench-'));
  const file = join(folder, 'model.onnx');
  process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  for (const style of ['unfused', 'fused'] as const) {
    const bytes = writeModel(style, folder);
    const size = (statSync(file).size / 1e6).toFixed(2);
    process.stdout.write(`\n${style}: graph ${size} MB, weights ${(bytes / 1e9).toFixed(1)} GB\n`);
    const self = fileURLToPath(import.meta.url);
    process.stdout.write(execFileSync(process.execPath, [self, file]));
  }
  rmSync(folder, { recursive: true });
}

/** Writes the graph, and a hole of the weights' length; returns that length. */
function writeModel(style: 'unfused' | 'fused', folder: string): number {
  let end = 0;
  const makeWeight = (writer: GraphWriter, shape: readonly number[]): string => {
    const name = writer.unique('weight');
    const length = shape.reduce((a, b) => a * b, 4);
    const fields = { name, dataType: DataType.FLOAT, dims: shape.map(BigInt) };
    const tensor = create(TensorProtoSchema, fields);
    moveOut(tensor, { location: data, offset: String(end), length: String(length) });
    writer.initializers.push(tensor);
    end += length;
    return name;
  };
  writeFileSync(join(folder, 'model.onnx'), tinyDecoder({ ...llama, style, makeWeight }));
  closeSync(openSync(join(folder, data), 'w'));
  truncateSync(join(folder, data), end);
  return end;
}

async function measure(file: string): Promise<void> {
  const start = process.memoryUsage().rss;
  const timed = async <T>(name: string, step: () => T | Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await step();
    const milliseconds = (performance.now() - from).toFixed(0);
    const most = process.resourceUsage().maxRSS * 1024 - start;
    const memory = `at most ${(most / 1e6).toFixed(0)} MB above the start so far`;
    process.stdout.write(`  ${name.padEnd(15)} ${milliseconds.padStart(5)} ms, ${memory}\n`);
    return result;
  };
  const { graph } = await timed('read and check', () => readGraphFile(file));
  await timed('inspect', () => inspectDecoder(graph));
  await timed('instrument', () => instrument(graph));
  await timed('instrumentLoop', () => instrumentLoop(graph));
}
