import { expect, it } from 'vitest';
import { drawContexts } from '../../../src/data/quadruples.js';
import { problemById } from '../../../src/data/problems.js';
import { sampleSentences } from '../../../src/experiment/shared/samples.js';
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
