/** `--adapter` and `model+adapter` on the command line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { takingAdapter } from '../../src/cli/adapter.js';
import { commands } from '../../src/cli/commands.js';
import { findModel } from '../../src/runtime/modelFiles.js';
import { inspectDecoder } from '../../src/onnx/inspect.js';
import { tinyAdapter } from '../onnx/tinyAdapter.js';
import { temporaryFolder } from '../runtime/models.js';
import { call, writeTinyModel } from './harness.js';

const folder = temporaryFolder();
const cwd = folder.path;
const model = writeTinyModel(cwd);
afterAll(folder.remove);

const { width } = inspectDecoder(readFileSync(findModel(model).file));
const q = { 'model.layers.0.self_attn.q_proj': { into: width, out: width } };
const adapter = join(cwd, 'task');
mkdirSync(adapter);
writeFileSync(join(adapter, 'adapter_config.json'), tinyAdapter(q).config);
writeFileSync(join(adapter, 'adapter_model.safetensors'), tinyAdapter(q).weights);

describe('an adapter on the command line', () => {
  it('is taken by every command that runs a model', async () => {
    const taking = await Promise.all(
      commands.map(async ({ name, load }) =>
        'adapter' in takingAdapter(await load()).options ? [name] : [],
      ),
    );
    const names = taking.flat();
    expect(names).toEqual(
      expect.arrayContaining(['lat-scan', 'extract', 'sweep', 'causal', 'align']),
    );
    expect(names).not.toContain('doctor');
  });

  it('is put on the model that a command runs', async () => {
    const answer = async (...more: string[]): Promise<{ code: number; stderr: string }> =>
      await call(['align', '2 + 3?', '--model', model, '--upstream', model, ...more, '--rounds', '1', '--threads', '1'], { cwd }); // prettier-ignore
    expect((await answer('--adapter', adapter)).code).toBe(0);
    const missing = await answer('--adapter', './nothing');
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.stderr).toMatch(/adapter: nothing found for "\.\/nothing"/);
  });

  it('is written into an instrumented graph', async () => {
    const out = async (name: string, file: string): Promise<Buffer> => {
      const { code } = await call(['instrument', name, '--out', join(cwd, file)], { cwd });
      expect(code).toBe(0);
      return readFileSync(join(cwd, file));
    };
    const plain = await out(model, 'plain.onnx');
    expect((await out(`${model}+${adapter}`, 'adapted.onnx')).equals(plain)).toBe(false);
  });

  it('needs a local model', async () => {
    const { code, stderr } = await call(
      ['align', '2 + 3?', '--model', 'recorded:a.jsonl', '--adapter', adapter],
      { cwd },
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/--adapter: there is no local model/);
  });
});
