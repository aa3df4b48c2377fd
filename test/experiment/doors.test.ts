/** What is no model runs in every experiment that neither reads nor steers, and in no other. */
import { describe, expect, it } from 'vitest';
import { correctorFromFunction, upstreamFromFunction } from '../../src/align/functions.js';
import { runEvaluation } from '../../src/experiment/answers/evaluate/run.js';
import { runCausal } from '../../src/experiment/causal/run.js';
import { runRounds } from '../../src/experiment/rounds/run.js';
import { runSweep } from '../../src/experiment/sweep/run.js';
import { toyOptions } from './causal/fakes.js';
import { planted, plantedJudges } from './rounds/fakes.js';
import { sweepOptions } from './sweep/fakes.js';

/** Says three sentences, the first of `p1` wrong. */
const upstream = upstreamFromFunction({
  name: 'three',
  write: (inputs) =>
    inputs.map(({ question, prefix }) => {
      const written = prefix.split('.').length - 1;
      const all = [question === 'p1' ? 'Bad.' : 'Good.', 'Good.', 'Good.'];
      return all.slice(written).join(' ');
    }),
});
const corrector = correctorFromFunction({
  name: 'mender',
  correct: (inputs) => inputs.map(({ last }) => last.replace('Bad', 'Good')),
});
const questions = [planted('p0'), planted('p1')];

async function end<R>(run: AsyncGenerator<unknown, R>): Promise<R> {
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value;
  }
}

describe('functions in experiments', () => {
  it('evaluate: the upstream alone, and the loop', async () => {
    const systems = ['upstream', 'stream'] as const;
    const records = await end(
      runEvaluation({ systems, upstream, corrector, questions, ...plantedJudges, timed: 0 }),
    );
    const right = records.flatMap((record) =>
      record.kind === 'answer' ? [`${record.system} ${record.problem} ${record.right}`] : [],
    );
    expect(right).toEqual([
      'upstream p0 true',
      'upstream p1 false',
      'stream-mender p0 true',
      'stream-mender p1 true',
    ]);
  });

  it('rounds: accuracy by number of corrected rounds', async () => {
    const correctors = [{ name: 'mender', corrector }];
    const options = { upstream, correctors, questions, ...plantedJudges, rounds: 2, seed: 0 };
    const { correctors: found } = await end(runRounds(options));
    expect(found.map(({ name }) => name)).toEqual(['mender']);
  });

  it('sweep and causal refuse them with the reason', async () => {
    const reason = '"mender" is a function, which cannot be read or steered; name a local model';
    await expect(runSweep(sweepOptions({ corrector })).next()).rejects.toThrow(`sweep: ${reason}`);
    const toy = toyOptions({ decides: 1, word: 2 }, { corrector });
    await expect(runCausal(toy).next()).rejects.toThrow(`causal: ${reason}`);
  });
});
