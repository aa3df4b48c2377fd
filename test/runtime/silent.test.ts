/** ONNX Runtime's own log, which no stream of Node's is before. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parseModel, serializeModel } from '../../src/onnx/model.js';
import { tinyDecoder } from '../onnx/tinyDecoder.js';
import { temporaryFolder, writeModel } from './models.js';

const folder = temporaryFolder();
afterAll(folder.remove);

/** Runs token 99 of a vocabulary of 20, and says what is thrown as JSON. */
const failingRun = `
const [session, model] = process.argv.slice(1);
const { openSession } = await import(session);
const { readFileSync } = await import('node:fs');
const opened = await openSession(readFileSync(model), { device: 'cpu', threads: 1 });
const one = { type: 'int64', data: BigInt64Array.of(99n), shape: [1, 1] };
const none = { type: 'float32', data: new Float32Array(0), shape: [1, 2, 0, 4] };
const feeds = opened.inputs.map((name) => [name, name.startsWith('past') ? none : one]);
const error = await opened.run(Object.fromEntries(feeds), opened.outputs).catch((e) => e);
console.log(JSON.stringify(error.message));
await opened.release();`;

it('a run that fails is thrown, and nothing of the file is written to the terminal', () => {
  const { model } = parseModel(tinyDecoder({ vocabulary: 20, layers: 1, width: 8, maxLength: 16 }));
  for (const node of model.graph?.node ?? []) node.name = `\u001b]0;title\u0007${node.name}`;
  const path = join(writeModel(folder.path, 'odd', serializeModel(model)), 'onnx', 'model.onnx');
  const session = fileURLToPath(new URL('../../dist/runtime/session.js', import.meta.url));
  const argv = ['--input-type=module', '-e', failingRun, pathToFileURL(session).href, path];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toContain("Gather node. Name:'\u001b]0;title\u0007");
  expect(stderr).toBe('');
});
