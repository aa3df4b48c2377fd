/** What is asked of the hub, decided without it: names, files, settings. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHubName } from '../../src/runtime/hub/name.js';
import { planDownload } from '../../src/runtime/hub/plan.js';
import { readHubSettings } from '../../src/runtime/hub/settings.js';

describe('parseHubName', () => {
  it('takes a repository, a revision and a variant', () => {
    const repo = 'onnx-community/Qwen2.5-0.5B-Instruct';
    expect(parseHubName(repo)).toEqual({ repo, revision: 'main', variant: null });
    expect(parseHubName(`${repo}@v1.0`)).toEqual({ repo, revision: 'v1.0', variant: null });
    expect(parseHubName(`${repo}:q4`)).toEqual({ repo, revision: 'main', variant: 'q4' });
    expect(parseHubName(`${repo}@refs/pr/3:q4f16`)).toEqual({ repo, revision: 'refs/pr/3', variant: 'q4f16' }); // prettier-ignore
  });

  it.each([
    'corrector-arithmetic-m',
    './org/name',
    './name',
    '../name',
    '/org/name',
    '~/name',
    'a/b/c',
    'org/',
    'org\\name',
    'C:\\models\\name',
    'runs/model.onnx',
    'org/na..me',
    'org/na--me',
    'org/name@../../x',
    'org/name@refs/../x',
    'org/name@a/b',
    'org/name:',
    'org/name?x=1',
    'https://huggingface.co/org/name',
    '',
  ])('leaves %j to this machine', (name) => {
    expect(parseHubName(name)).toBeNull();
  });
});

describe('planDownload', () => {
  const common = ['README.md', 'config.json', 'tokenizer.json', 'tokenizer_config.json'];
  const full = ['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model.onnx_data_1'];
  const reduced = ['onnx/model_q4.onnx', 'onnx/model_quantized.onnx', 'onnx/model_fp16.onnx'];
  const plan = (paths: string[], variant: string | null = null): string[] =>
    planDownload(paths.map((path) => ({ path })), { repo: 'org/name', revision: 'main', variant }, { place: 'org/name@main' }).files.map(({ path }) => path); // prettier-ignore

  it('takes the best decoder with its weights, configuration and tokenizer, the graph last', () => {
    expect(plan([...full, ...reduced, ...common, 'model.safetensors'])).toEqual([
      ...full.slice(1),
      ...common.slice(1),
      'onnx/model.onnx',
    ]);
  });

  it('takes the variant asked for, by either of its names', () => {
    expect(plan([...full, ...reduced], 'q4')).toEqual(['onnx/model_q4.onnx']);
    expect(plan([...full, ...reduced], 'q8')).toEqual(['onnx/model_quantized.onnx']);
    expect(plan([...full, ...reduced], 'quantized')).toEqual(['onnx/model_quantized.onnx']);
    expect(plan([...full, ...reduced], 'fp32')).toContain('onnx/model.onnx_data_1');
    expect(plan(['decoder_model_merged_int8.onnx'], 'int8')).toHaveLength(1);
    expect(plan(reduced)).toEqual(['onnx/model_fp16.onnx']);
  });

  it('lists the variants there are', () => {
    expect(() => plan([...full, ...reduced], 'bnb4')).toThrow(
      'org/name@main has no decoder in bnb4 (expected one of fp16, fp32, q4, quantized); give e.g. org/name:fp16',
    );
    expect(() => plan(['onnx/model_q4.onnx'])).toThrow(/in fp32 or fp16 \(expected one of q4\)/);
    expect(() => plan(['onnx/model.onnx_data', 'onnx/model_q4.onnx'])).toThrow(/one of q4\)/);
  });

  it('says how to export one where there is none', () => {
    expect(() => plan([...common, 'onnx/encoder_model.onnx'])).toThrow(
      /no ONNX decoder \(5 files, none of onnx\/model\.onnx, .*optimum-cli export onnx --model org\/name/,
    );
  });

  it('leaves names that climb out of the folder', () => {
    expect(plan(['onnx/model.onnx', 'onnx/model.onnx/../../../x', 'onnx/model.onnx\\..\\x'])).toEqual(['onnx/model.onnx']); // prettier-ignore
  });
});

describe('readHubSettings', () => {
  const none = { HF_TOKEN_PATH: '/nowhere' };

  it('finds the cache as Python does', async () => {
    const cacheOf = async (env: Record<string, string>): Promise<string> =>
      (await readHubSettings({ ...none, ...env })).cache;
    expect(await cacheOf({})).toBe(join(homedir(), '.cache', 'huggingface', 'hub'));
    expect(await cacheOf({ XDG_CACHE_HOME: '/x' })).toBe('/x/huggingface/hub');
    expect(await cacheOf({ XDG_CACHE_HOME: '/x', HF_HOME: '/h' })).toBe('/h/hub');
    expect(await cacheOf({ HF_HOME: '/h', HF_HUB_CACHE: '~/c' })).toBe(join(homedir(), 'c'));
  });

  it('reads address, token and switches', async () => {
    const given = { HF_ENDPOINT: 'https://mirror.test/', HF_TOKEN: ' hf_a\n', HF_HUB_OFFLINE: '1' };
    const settings = await readHubSettings({ ...none, ...given });
    expect(settings).toMatchObject({ url: 'https://mirror.test', token: 'hf_a', offline: true });
    const plain = await readHubSettings(none);
    expect(plain).toMatchObject({ url: 'https://huggingface.co', offline: false, xet: true });
    expect(plain.token).toBeUndefined();
  });

  it('refuses what is no address and no token, without showing the token', async () => {
    await expect(readHubSettings({ ...none, HF_ENDPOINT: 'mirror' })).rejects.toThrow(/no address/);
    const secret = readHubSettings({ ...none, HF_TOKEN: 'secret' });
    await expect(secret).rejects.toThrow(/^(?!.*secret).*HF_TOKEN.*hf_…/);
    for (const token of ['hf_secret\nhf_b', 'hf_secret\u001b', 'hf_sécret', 'hf_']) {
      const odd = readHubSettings({ ...none, HF_TOKEN: token });
      await expect(odd).rejects.toThrow(/^(?!.*s[eé]cret).*HF_TOKEN holds no access token/);
    }
  });
});
