/** Quadruples built with an annotator in the corrector's place. */
import { expect, it } from 'vitest';
import type { Annotator } from '../../../src/align/served/annotator.js';
import { buildQuadruples } from '../../../src/experiment/shared/buildQuadruples.js';
import { fakeUpstream, named } from '../../align/fakes.js';

it('leaves a lone full stop where it stands, without asking, and goes on behind it', async () => {
  const says = ['It is 3', '.', 'So it is 4.'];
  const upstream = fakeUpstream(({ prefix }) => {
    if (prefix === '') return says[0] ?? null;
    if (!prefix.includes('.')) return says[1] ?? null;
    return prefix.includes('4') ? null : (says[2] ?? null);
  });
  const asked: string[] = [];
  const annotator: Annotator = {
    ...named('annotator'),
    annotate: (passages) =>
      Promise.resolve(
        passages.map(({ last }) => {
          asked.push(last.trim());
          return { quality: 'good', revision: last.trim(), end: false };
        }),
      ),
  };
  const questions = [{ id: 'a', question: 'What is it?' }];
  const { value: answer } = await buildQuadruples({ upstream, annotator, questions }).next();
  expect(asked).toEqual(['It is 3', 'So it is 4.']);
  expect(answer?.unread).toBe(0);
  expect(answer?.rows.map(({ last }) => last.trim())).toEqual(['It is 3', 'So it is 4.']);
});

it('ends behind a complete answer, whatever the upstream writes there', async () => {
  const upstream = fakeUpstream(({ prefix }) => (prefix === '' ? 'It is 3' : '.'));
  const annotator: Annotator = {
    ...named('annotator'),
    annotate: (passages) =>
      Promise.resolve(passages.map(({ last }) => ({ quality: 'good', revision: last, end: true }))),
  };
  const questions = [{ id: 'a', question: 'What is it?' }];
  const { value: answer } = await buildQuadruples({ upstream, annotator, questions }).next();
  expect(answer?.rows).toHaveLength(1);
  expect(upstream.calls).toHaveLength(2);
});
