import { defineConfig } from 'vitest/config';

/** `npm run browser:check`: pages and pictures in an installed Chromium or Chrome. */
export default defineConfig({
  test: {
    include: ['test/browser/*.check.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
