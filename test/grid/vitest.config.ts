import { defineConfig } from 'vitest/config';

/** `GRID=<folder> npm run grid`: decoders that make.py exported, against PyTorch. */
export default defineConfig({
  test: {
    include: ['test/grid/grid.ts'],
    globalSetup: ['test/runtime/buildWorker.ts'],
    testTimeout: 120_000,
    fileParallelism: false,
  },
});
