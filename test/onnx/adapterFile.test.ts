/** PEFT's files: what is read, and what is refused with its reason. */
import { describe, expect, it } from 'vitest';
import { readAdapter } from '../../src/onnx/adapter/file.js';
import { keyOf } from '../../src/onnx/adapter/names.js';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../src/tensors/float16.js';
import { filesOf, settings, tinyAdapter } from './tinyAdapter.js';

const q = 'model.layers.0.self_attn.q_proj';
const modules = { [q]: { into: 4, out: 3 }, 'model.layers.1.mlp.up_proj': { into: 4, out: 6 } };

const scaleWith = (config: Record<string, unknown>, module = q): number | undefined =>
  readAdapter(tinyAdapter(modules, config), 'tiny').get(module)?.scale;

describe('readAdapter', () => {
  it('gives each module its matrices and its scale', () => {
    const adapter = readAdapter(tinyAdapter(modules), 'tiny');
    expect([...adapter.keys()]).toEqual(Object.keys(modules));
    const { a, b, scale } = adapter.get(q) ?? {};
    expect([a?.shape, b?.shape, scale]).toEqual([[2, 4], [3, 2], 3]); // prettier-ignore
  });

  it('scales as PEFT does', () => {
    expect(scaleWith({ use_rslora: true })).toBe(6 / Math.sqrt(2));
    expect(scaleWith({ alpha_pattern: { q_proj: 10 } })).toBe(5);
    expect(scaleWith({ alpha_pattern: { 'layers.0.self_attn.q_proj': 10 } })).toBe(5);
    expect(scaleWith({ alpha_pattern: { proj: 10 } })).toBe(3);
    expect(scaleWith({ rank_pattern: { q_proj: 2, up_proj: 2 }, r: 4 }, q)).toBe(3);
  });

  it('takes an adapter named in the tensors, and no prefix', () => {
    const { tensors } = tinyAdapter({ [q]: { into: 4, out: 3 } });
    const renamed = [...tensors].map(([name, tensor]) => {
      const short = name.replace('base_model.model.', '').replace('.weight', '.default.weight');
      return [short, tensor] as const;
    });
    expect([...readAdapter(filesOf(new Map(renamed)), 'tiny').keys()]).toEqual([q]);
  });

  it.each([
    ['another method', { peft_type: 'IA3' }, /peft_type "IA3"/],
    ['DoRA', { use_dora: true }, /DoRA/],
    ['biases', { bias: 'all' }, /biases of its own/],
    ['whole modules', { modules_to_save: ['lm_head'] }, /whole modules of its own.*merge it/],
    ['PiSSA', { init_lora_weights: 'pissa_niter_4' }, /changes the base's own weights/],
    ['rank 0', { r: 0 }, /has r 0 \(expected a number above 0\)/],
    ['no α', { lora_alpha: null }, /has lora_alpha null/],
    ['another rank', { r: 3 }, /lora_A \[2, 4\] and lora_B \[3, 2\] \(expected rank 3/],
    ['a regular expression', { rank_pattern: { '.*q_proj': 4 } }, /no regular expression/],
  ])('refuses %s', (_, config, message) => {
    expect(() => readAdapter(tinyAdapter(modules, config), 'tiny')).toThrow(message);
  });

  it('takes what means no', () => {
    const off = { use_dora: false, modules_to_save: null, rank_pattern: {}, fan_in_fan_out: true };
    expect(scaleWith({ ...off, init_lora_weights: 'gaussian', target_modules: ['q_proj'] })).toBe(
      3,
    );
  });

  it('refuses damaged files', () => {
    const { tensors, weights, config } = tinyAdapter({ [q]: { into: 4, out: 3 } });
    const [a = '', b = ''] = tensors.keys();
    const half = new Map([...tensors].slice(0, 1));
    expect(() => readAdapter(filesOf(half), 'tiny')).toThrow(/q_proj has no lora_B/);
    const strange = new Map(tensors).set(`${q}.lora_magnitude_vector`, { shape: [3], values: new Float32Array(3) }); // prettier-ignore
    expect(() => readAdapter(filesOf(strange), 'tiny')).toThrow(/is no LoRA matrix/);
    const astray = new Map(tensors).set(b, {
      shape: [3, 2],
      values: new Float32Array(6).fill(NaN),
    });
    expect(() => readAdapter(filesOf(astray), 'tiny')).toThrow(/lora_B.weight has NaN at 0/);
    const flat = new Map(tensors).set(a, { shape: [8], values: new Float32Array(8) });
    expect(() => readAdapter(filesOf(flat), 'tiny')).toThrow(/expected a matrix/);
    expect(() => readAdapter(filesOf(new Map()), 'tiny')).toThrow(/no matrices/);
    expect(() => readAdapter({ weights, config: '{' }, 'tiny')).toThrow(/is not JSON/);
    expect(() => readAdapter({ weights, config: '[]' }, 'tiny')).toThrow(/is not an object/);
    expect(() => readAdapter({ weights: weights.subarray(0, -4), config }, 'tiny')).toThrow(
      /truncated/,
    );
    expect(settings.r).toBe(2);
  });
});

describe('keyOf', () => {
  it.each([
    ['/model/layers.0/self_attn/q_proj/MatMul', '0.attn.q_proj'],
    ['/model/layers.0/attn/q_proj/MatMul_output_0', '0.attn.q_proj'],
    ['model.layers.12.self_attn.q_proj.weight.T', '12.attn.q_proj'],
    ['base.gpt_neox.layers.3.attention.dense', '3.attn.dense'],
    ['/transformer/h.1/mlp/c_fc/Gemm', '1.mlp.c_fc'],
    ['model.layers.0.attn.q_proj.MatMul.weight', '0.attn.q_proj'],
    ['lm_head', 'lm_head'],
  ])('%s is %s', (label, key) => expect(keyOf(label)).toBe(key));
});

describe('half precision', () => {
  it('comes back as it was', () => {
    const odd = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => {
      const [half, short] = [fromFloat16(bits), fromBfloat16(bits)];
      const same = Number.isNaN(half) || toFloat16(half) === bits;
      return !same || (!Number.isNaN(short) && toBfloat16(short) !== bits);
    });
    expect(odd).toEqual([]);
  });

  it('rounds to the nearest, ties to even', () => {
    expect(fromFloat16(toFloat16(1 + 1 / 2048))).toBe(1);
    expect(fromFloat16(toFloat16(1 + 3 / 2048))).toBe(1 + 2 / 1024);
    expect(fromFloat16(toFloat16(2 ** -25))).toBe(0);
    expect(fromFloat16(toFloat16(65519))).toBe(65504);
    expect([toFloat16(65520), toFloat16(-1e9), toFloat16(NaN)]).toEqual([0x7c00, 0xfc00, 0x7e00]);
    expect(fromBfloat16(toBfloat16(1 + 1 / 256))).toBe(1);
    expect(fromBfloat16(toBfloat16(1 + 3 / 256))).toBe(1 + 2 / 128);
  });
});
