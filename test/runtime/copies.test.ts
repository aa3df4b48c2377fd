import { describe, expect, it } from 'vitest';
import { copiesFor, loadFileCopies } from '../../src/runtime/copies.js';
import { resolveModel } from '../../src/runtime/resolveModel.js';

describe('copiesFor', () => {
  it.each([
    [2, 24, 2],
    [16, 64, 8],
    [8, 7.9, 3],
    [4, 1, 1],
  ])('%i cores and %d GiB: %i', (cores, gigabytes, copies) => {
    expect(copiesFor(cores, gigabytes * 2 ** 30)).toBe(copies);
  });
});

it.each([
  ['a small model keeps none that nobody asked for, on any machine', undefined, undefined],
  ['one that is never copied may', 1, 'here'],
])('keys and values: %s', async (_, threads, anywhere) => {
  const files = await resolveModel('corrector-arithmetic-s');
  await using model = await loadFileCopies(files, { device: 'cpu', threads });
  expect(model.decoder.anywhere).toBe(anywhere);
});
