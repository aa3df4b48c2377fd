import { describe, expect, it } from 'vitest';
import { cudaLibraries, missingCudaMessage } from '../../src/runtime/cuda/libraries.js';
import { deviceFailure, resolveDevice } from '../../src/runtime/device.js';

describe('cuda', () => {
  const missing = [
    { file: 'libonnxruntime_providers_cuda.so', from: 'onnxruntime-gpu', path: null },
    { file: 'libcudnn.so.9', from: 'nvidia-cudnn-cu13', path: null },
  ];

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'names each missing library and how to install it',
    () => {
      const message = missingCudaMessage(missing);
      for (const { file } of missing) expect(message).toContain(file);
      expect(message).toContain('pip download --no-deps onnxruntime-gpu');
      expect(message).toContain('nvidia-cudnn-cu13');
      expect(message).not.toContain('the driver:');
    },
  );

  it('is refused, never replaced, exactly where something is missing', async () => {
    const failure = await deviceFailure('cuda');
    const lacking = cudaLibraries().filter(({ path }) => path === null);
    if (process.platform === 'linux' && process.arch === 'x64') {
      for (const { file } of lacking) expect(failure).toContain(file);
    }
    if (failure === null) expect(await resolveDevice('cuda')).toBe('cuda');
    else await expect(resolveDevice('cuda')).rejects.toThrow(/cuda cannot be used/);
    expect(await resolveDevice('auto')).toBe(failure === null ? 'cuda' : 'cpu');
  });
});

describe('cpu', () => {
  it('runs', async () => {
    expect(await deviceFailure('cpu')).toBeNull();
  });
});
