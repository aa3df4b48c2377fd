import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeBound, relativeDifference, scanBound } from '../../bench/gpu/bounds.js';
import { median, standardDeviation } from '../../src/math/summary.js';
import { pruneFatbin } from '../../bench/gpu/fatbin.js';
import { accountKernels, readKernels } from '../../bench/gpu/kernels.js';
import { accountSteps, summariseProfile } from '../../bench/gpu/profile.js';
import type { ProfileEvent } from '../../bench/gpu/profile.js';
import { decodedBytes, shapeOf } from '../../bench/gpu/shapes.js';
import { measurementTables } from '../../bench/gpu/tables.js';
import { readResult, withEntry, withoutFolders, writeResult } from '../../bench/gpu/results.js';
import { WeightFile, toFloat16 } from '../../bench/gpu/weights.js';
import { fromFloat16 } from '../../src/tensors/float16.js';

const cuda = 'CUDAExecutionProvider';

function event(
  name: string,
  op: string,
  at: number,
  more: Partial<ProfileEvent> = {},
): ProfileEvent {
  return { cat: 'Node', name, ts: at, dur: 1, args: { op_name: op, provider: cuda }, ...more };
}

describe('a profile', () => {
  const step = (at: number): ProfileEvent[] => [
    event('MatMul_1_kernel_time', 'MatMul', at, { dur: 2 }),
    event('loop.body/If_54_kernel_time', 'If', at + 3),
  ];
  const loop = event('loop/Loop_9_kernel_time', 'Loop', 10, { dur: 100 });
  const events = [event('Memcpy_kernel_time', 'MemcpyToHost', 1), ...step(20), ...step(30), loop];

  it('counts iterations, and tells copies before the loop from copies inside', () => {
    const clean = summariseProfile(events, cuda);
    expect(clean).toMatchObject({
      ...{ iterations: 2, copiesInLoop: {}, elsewhere: {} },
      ...{ copiesOutside: { MemcpyToHost: 1 }, loopNodes: { [cuda]: 4 } },
    });
    expect(clean.loopMilliseconds.MatMul).toBeCloseTo(0.004);
    const copying = [...events, event('Memcpy_token_3_kernel_time', 'MemcpyFromHost', 40)];
    expect(summariseProfile(copying, cuda).copiesInLoop).toEqual({ MemcpyFromHost: 1 });
  });

  it('names operators of the body that ran elsewhere', () => {
    const args = { op_name: 'Gather', provider: 'CPUExecutionProvider' };
    const strays = [...events, event('Gather_kernel_time', 'Gather', 50, { args })];
    expect(summariseProfile(strays, cuda).elsewhere).toEqual({ Gather: 1 });
    const sizes = [...events];
    for (const [type, shape] of [
      ['int64', [1]],
      ['float', [1]],
      ['int64', [32, 100]],
    ] as const) {
      const output_type_shape = [{ [type]: shape }];
      sizes.push(event('Cast_kernel_time', 'Cast', 60, { args: { ...args, output_type_shape } }));
    }
    const { hostArithmetic, elsewhere } = summariseProfile(sizes, cuda);
    expect([hostArithmetic, elsewhere]).toEqual([{ Gather: 1 }, { Gather: 2 }]);
  });
});

describe('the account of a step', () => {
  it('leaves the prefill out, and names what takes longest', () => {
    const step = (at: number, dur: number): ProfileEvent[] => [
      event('decoder/MatMul_1_kernel_time', 'MatMul', at, { dur }),
      event('loop.body/If_54_kernel_time', 'If', at + 1000, { dur: 10 }),
    ];
    const loop = event('Loop_9_kernel_time', 'Loop', 0, { dur: 6010 });
    const events = [...step(10, 900), ...step(2000, 100), ...step(4000, 300), loop];
    const [account] = accountSteps(events);
    expect(account).toMatchObject({ steps: 2, count: 1, nodes: 0.2, wall: 2.495 });
    expect(account?.operators).toEqual({ MatMul: 0.2 });
    expect(account?.longest[0]).toMatchObject({ name: 'decoder/MatMul_1', milliseconds: 0.2 });
  });
});

describe('kernels', () => {
  it('are read from ncu, and counted in the step that repeats', () => {
    const head = '"ID","Kernel Name","Grid Size","Metric Name","Metric Unit","Metric Value"';
    const line = (name: string, time: string): string =>
      `"0","${name}","(1, 1, 1)","gpu__time_duration.sum","ns","${time}"`;
    const step = Array.from({ length: 20 }, (_, i) => line(`gemm<${i % 19}>`, '1,000'));
    const text = ['==PROF== x', head, line('copy', '5'), ...step, ...step].join('\n');
    const account = accountKernels(readKernels(text));
    expect(account).toMatchObject({ perStep: 20, kernels: { length: 19 } });
    expect(account.microseconds).toBeCloseTo(20);
    expect(account.kernels[0]).toMatchObject({ name: 'gemm<0>', launches: 2 });
  });
});

describe('results', () => {
  const log = (): void => undefined;

  it('are merged by name, and copied', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gpu-results-'));
    const place = { device: 'cuda', out: join(folder, 'out'), copy: join(folder, 'copy'), log };
    const machine = { gpu: 'A' };
    expect(readResult(place, 'speed', machine)).toBeNull();
    writeResult(place, 'speed', { machine, decoders: [1] });
    expect(readResult(place, 'speed', machine)).toEqual({ machine, decoders: [1] });
    expect(readdirSync(place.copy)).toEqual(['speed-cuda.json']);
    expect(withEntry([{ name: 'a', x: 1 }], { name: 'b', x: 2 })).toHaveLength(2);
    expect(withEntry([{ name: 'a', x: 1 }], { name: 'a', x: 2 })).toEqual([{ name: 'a', x: 2 }]);
    expect(readResult(place, 'speed', { gpu: 'B' })).toBeNull();
    expect(readdirSync(place.out)).toEqual(['speed-cuda.other.json']);
  });
});

describe('weights', () => {
  it('differ by name, and have the spread asked for', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gpu-weights-')), 'w');
    const weights = new WeightFile(file, 1);
    const [a, b] = ['a', 'b'].map((name) => weights.normal(name, [100, 100], 0.5));
    weights.close();
    const bits = new Uint16Array(readFileSync(file).buffer);
    const of = (at: number): number[] =>
      Array.from(bits.subarray(at / 2, at / 2 + 10_000), fromFloat16);
    const [x, y] = [of(a?.offset ?? 0), of(b?.offset ?? 0)];
    expect(standardDeviation(x)).toBeCloseTo(0.5, 1);
    expect(x.filter((value, i) => value === y[i]).length).toBeLessThan(100);
  });
});

describe('bounds', () => {
  const shape = shapeOf('llama-8b');
  const ceilings = { bytesPerSecond: 3e12, operationsPerSecond: 8e14 };

  it('know the weights of Llama 3 8B: 7.5 billion are read for each token', () => {
    expect(decodedBytes(shape) / 2e9).toBeCloseTo(7.505, 2);
    expect(decodeBound(shape, ceilings)).toBeCloseTo(5.003, 2);
  });

  it('grow with the tokens, and shrink with the rate', () => {
    const once = scanBound(shape, 1000, ceilings);
    expect(scanBound(shape, 2000, ceilings)).toBeCloseTo(2 * once);
    expect(scanBound(shape, 1000, { ...ceilings, operationsPerSecond: 4e14 })).toBeCloseTo(
      2 * once,
    );
  });

  it('take differences in units of the reference, and refuse NaN and other lengths', () => {
    expect(relativeDifference([10, -10.5], [10, -10])).toBeCloseTo(0.05);
    expect(relativeDifference([0.1], [0.2])).toBeCloseTo(0.1);
    expect(relativeDifference([NaN], [1])).toBe(Infinity);
    expect(relativeDifference([1], [1, 2])).toBe(Infinity);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe('results', () => {
  it('say nothing of where things lay, and leave other slashes alone', () => {
    const text = 'ok: /opt/torch/.venv/lib/libcurand.so.10 (/tmp/x.json), decoder/MatMul_1, 3/4';
    expect(withoutFolders(text)).toBe('ok: …/libcurand.so.10 (…/x.json), decoder/MatMul_1, 3/4');
  });
});

describe('tables', () => {
  it('hold what the results say, and nothing where there are none', () => {
    const none = {
      speed: null,
      parity: null,
      profile: null,
      kernels: null,
      commands: null,
      webgpu: null,
    };
    expect(measurementTables(none)).toBe('Nothing has been measured yet.');
    const decoder = {
      ...{ name: 'toy', milliseconds: { 'loop-steered-1': 2, 'step-by-step-1': 9 } },
      ...{ shareOfBound: { 'loop-steered-1': 0.62 }, torch: { 'decode-1': 8 } },
    };
    const machine = { gpu: 'H100', onnxruntime: '1.30.0' };
    const text = measurementTables({ ...none, speed: { machine, decoders: [decoder] } });
    expect(text).toContain('| toy | loop-steered-1 | 2.00 | 62 % | 4.0 × |');
    expect(text).toContain('| toy | step-by-step-1 | 9.00 |  |  |');
  });

  it('set a model in fp16 beside PyTorch, and the devices beside each other', () => {
    const none = { speed: null, profile: null };
    const comparison = {
      ...{ against: 'torch32', differences: { a: 0.02, b: 0.01 } },
      tokens: { compared: 9, rowsThatDiffer: 1 },
    };
    const subject = { name: 'toy', tolerance: 0.005, coefficientZeroIsOff: true };
    const text = measurementTables({
      ...none,
      parity: { subjects: [{ ...subject, comparisons: [comparison], torchItself: { a: 0.03 } }] },
      kernels: { decoders: [{ name: 'toy', steps: { 32: { perStep: 7, microseconds: 1500 } } }] },
      commands: {
        runs: [{ name: 'align on cuda', seconds: 3.21, exit: 0 }],
        differences: { align: { readings: 0.5, text: true, rounds: false }, doctor: { cpu: true } },
      },
      webgpu: {
        models: [
          { name: 'toy', differences: { a: 1e-6, b: 3e-6 }, sameTokens: true },
          { name: 'odd', error: 'no such operator' },
        ],
      },
    });
    expect(text).toContain('| toy | 3.0e-6 | yes |');
    expect(text).toContain('| odd | no such operator |  |');
    expect(text).toContain('| toy | torch32 | 2.0e-2 | 5e-3 | 9 agree, 1 rows part | yes |');
    expect(text).toContain('| toy in PyTorch | torch32 | 3.0e-2 | 5e-3 |  |  |');
    expect(text).toContain('| toy | 32 | 7 | 1.50 |');
    expect(text).toContain('| align on cuda | 3.2 | 0 | this machine |');
    expect(text).toContain('| align | 5.0e-1 | 1 of 2 |');
    expect(text).not.toContain('doctor');
  });
});

describe('float16', () => {
  it('comes back as itself for every finite number that it has', () => {
    const all = Array.from({ length: 0x7c00 }, (_, bits) => bits);
    const wrong = all.filter(
      (bits) =>
        toFloat16(fromFloat16(bits)) !== bits || toFloat16(-fromFloat16(bits)) !== bits + 0x8000,
    );
    expect(wrong).toEqual([]);
  });

  it('rounds halves to even', () => {
    expect(fromFloat16(toFloat16(1 + 1 / 2048))).toBe(1);
    expect(fromFloat16(toFloat16(1 + 3 / 2048))).toBe(1 + 2 / 1024);
  });
});

describe('pruning GPU code', () => {
  it('zeroes other architectures where the wanted one is there, and nothing else', () => {
    const library = fakeLibrary([
      [75, 90],
      [75, 80],
    ]);
    const before = library.slice();
    expect(pruneFatbin(library, 90)).toEqual({ kept: 1, zeroed: 64 });
    const changed = [...library.keys()].filter((i) => library[i] !== before[i]);
    expect(changed).toHaveLength(64);
    expect(new Set(changed.map((i) => before[i]))).toEqual(new Set([75]));
    expect(() => pruneFatbin(library, 100)).toThrow('no code for architecture 100');
  });
});

/** An ELF file of two sections; each entry's payload is 64 bytes of its architecture's number. */
function fakeLibrary(containers: readonly (readonly number[])[]): Uint8Array {
  const names = '\0.nv_fatbin\0';
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(40, 64n, true);
  [64, 2, 1].forEach((value, i) => view.setUint16(58 + 2 * i, value, true));
  bytes.set(new TextEncoder().encode(names), 256);
  let at = 512;
  for (const container of containers) {
    view.setUint32(at, 0xba55ed50, true);
    view.setUint16(at + 6, 16, true);
    view.setBigUint64(at + 8, BigInt(container.length * 128), true);
    at += 16;
    for (const architecture of container) {
      view.setUint32(at + 4, 64, true);
      view.setBigUint64(at + 8, 64n, true);
      view.setUint32(at + 28, architecture, true);
      bytes.fill(architecture, at + 64, at + 128);
      at += 128;
    }
  }
  // Section 0: the code; section 1: the names.
  view.setUint32(64, 1, true);
  view.setBigUint64(64 + 24, 512n, true);
  view.setBigUint64(64 + 32, BigInt(at - 512), true);
  view.setBigUint64(128 + 24, 256n, true);
  return bytes;
}
