import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkModels } from '../../src/cli/checks.js';
import type { Check } from '../../src/cli/checks.js';
import { embeddedModels } from '../../src/runtime/modelFiles.js';

async function check(fill: (folder: string) => void): Promise<Record<string, Check>> {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  fill(folder);
  const checks: Record<string, Check> = {};
  for await (const found of checkModels([folder])) checks[found.name] = found;
  return checks;
}

const small = 'corrector-arithmetic-s';
/** A model of which only the description is there. */
const addCard = (folder: string): void => {
  mkdirSync(join(folder, 'other/onnx'), { recursive: true });
  writeFileSync(join(folder, 'other/config.json'), '{}');
};

describe('the check of embedded models', () => {
  it('needs none of them in particular', async () => {
    const checks = await check((folder) => {
      mkdirSync(join(folder, small));
      for (const part of ['onnx', 'config.json', 'tokenizer.json', 'tokenizer_config.json']) {
        symlinkSync(join(embeddedModels, small, part), join(folder, small, part));
      }
      addCard(folder);
    });
    expect(checks[`model ${small}`]).toMatchObject({ ok: true });
    expect(checks['model other']).toMatchObject({ ok: false, optional: true });
    expect(checks['embedded models']).toBeUndefined();
  });

  it('needs one', async () => {
    const checks = await check(addCard);
    expect(checks['embedded models']).toMatchObject({ ok: false, optional: false });
  });

  it('refuses one that is damaged', async () => {
    const checks = await check((folder) => {
      addCard(folder);
      writeFileSync(join(folder, 'other/onnx/model.onnx'), 'no model');
    });
    expect(checks['model other']).toMatchObject({ ok: false, optional: false });
  });
});
