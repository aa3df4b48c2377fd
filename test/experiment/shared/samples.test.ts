import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { drawContexts } from '../../../src/data/quadruples.js';
import { problemById } from '../../../src/data/problems.js';
import { sampleSentences } from '../../../src/experiment/shared/samples.js';
import { folderStore } from '../../../src/record/store.js';
import { fakeUpstream } from '../../align/fakes.js';

it('keeps the contexts in order and puts the upstream’s sentence into each', async () => {
  const contexts = [0, 1, 2, 3, 4].flatMap((i) => drawContexts(problemById(`train-0-${i}`), 0, 1));
  const upstream = fakeUpstream(
    ({ question, prefix }) => `${question.length} and ${prefix.length}.`,
  );
  const samples = [];
  for await (const sample of sampleSentences({ upstream, contexts, batchSize: 2 })) {
    samples.push(sample);
  }
  expect(upstream.calls.map((inputs) => inputs.length)).toEqual([2, 2, 1]);
  expect(samples).toEqual(
    contexts.map((context) => ({
      ...context,
      last: `${context.question.length} and ${context.prefix.length}.`,
    })),
  );
});

it('goes on from the batches that a store has, the same place met twice included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'samples-'));
  const store = folderStore(folder);
  const [first, ...others] = [0, 1, 2, 3].flatMap((i) =>
    drawContexts(problemById(`train-0-${i}`), 0, 1),
  );
  if (!first) throw new Error('no context');
  const contexts = [first, ...others, first, first];
  let left = 2;
  const upstream = fakeUpstream(({ prefix }) => {
    if (left-- <= 0) throw new Error('killed');
    return `${prefix.length} of ${contexts.length}.`;
  });
  const sample = async (): Promise<string[]> => {
    const lines = [];
    for await (const row of sampleSentences({ upstream, contexts, batchSize: 2, store })) {
      lines.push(JSON.stringify(row));
    }
    return lines;
  };
  await expect(sample()).rejects.toThrow('killed');
  left = 4;
  const resumed = await sample();
  expect(resumed).toHaveLength(6);
  expect(left).toBe(0);
  expect(resumed[5]).toBe(resumed[0]);
  expect(await sample()).toEqual(resumed);
  await rm(folder, { recursive: true });
});
