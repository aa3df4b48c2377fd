/** Runs that requests share: who comes along, who is left out, and the same words as alone. */
import { describe, expect, it } from 'vitest';
import { openCorrector, openUpstream } from '../../src/align/open.js';
import { embedded } from '../../src/data/artifacts.js';
import { generatedQuestions } from '../../src/data/questionSets.js';
import { Batcher } from '../../src/serve/batching.js';
import { openKnobs } from '../../src/serve/openKnobs.js';
import type { ModelRun } from '../../src/serve/service.js';
import { testServer } from './harness.js';

/** Runs that end when they are told to. */
function controlled(filling?: number) {
  const runs: { inputs: number[]; end: (failure?: Error) => void; signal: AbortSignal }[] = [];
  const batcher = new Batcher<number, string, number>(
    (inputs, _, signal) =>
      new Promise((resolve, reject) => {
        const end = (failure?: Error): void => failure ? reject(failure) : resolve(inputs.map((i) => i * 10)); // prettier-ignore
        runs.push({ inputs, end, signal });
      }),
    { most: 3, ...(filling !== undefined && { filling }) },
  );
  const ask = (input: number, how = 'a', signal?: AbortSignal): Promise<number> =>
    batcher.ask(input, { how, group: how, unread: input, signal });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
  return { runs, ask, turn };
}

describe('a batcher', () => {
  it('takes those that wait together, so many at most, group by group, in order', async () => {
    const { runs, ask, turn } = controlled();
    const all = [ask(1), ask(2), ask(3, 'b'), ask(4), ask(5)];
    await turn();
    expect(runs.map(({ inputs }) => inputs)).toEqual([[1, 2, 4]]);
    all.push(ask(6, 'b'));
    runs[0]?.end();
    await turn();
    expect(runs[1]?.inputs).toEqual([3, 6]);
    runs[1]?.end();
    await turn();
    runs[2]?.end();
    expect(await Promise.all(all)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(runs).toHaveLength(3);
  });

  it('takes those that are most like the first, and none that would fill the others up', async () => {
    const { runs, ask, turn } = controlled(4);
    const all = [ask(10), ask(90), ask(12), ask(14), ask(9), ask(11), ask(90)];
    for (let run = 0; run < 4; run++) {
      await turn();
      runs[run]?.end();
    }
    await Promise.all(all);
    expect(runs.map(({ inputs }) => inputs)).toEqual([
      [10, 9, 11],
      [90, 90],
      [12, 14],
    ]);
  });

  it('tries each alone where a run of several fails', async () => {
    const { runs, ask, turn } = controlled();
    const asked = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    runs[0]?.end(new Error('one of them'));
    await turn();
    runs[1]?.end();
    await turn();
    runs[2]?.end(new Error('its own fault'));
    expect((await asked).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('lets go who waits at once, who runs at the end of the run, and ends a run for nobody', async () => {
    const { runs, ask, turn } = controlled();
    const going = new AbortController();
    const leaving = new AbortController();
    const running = ask(1, 'a', going.signal);
    const beside = ask(2, 'a');
    await turn();
    const waiting = ask(3, 'a', leaving.signal);
    leaving.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    going.abort(new Error('gone'));
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.end();
    await expect(running).rejects.toThrow('gone');
    expect(await beside).toBe(20);
    const alone = new AbortController();
    const last = ask(4, 'a', alone.signal);
    await turn();
    alone.abort(new Error('nobody'));
    expect(runs[1]?.signal.aborted).toBe(true);
    runs[1]?.end(new Error('cancelled'));
    await expect(last).rejects.toThrow('nobody');
  });
});

describe('the embedded models behind a server', () => {
  it('say to many at once, at many strengths, what they say to each alone', async () => {
    const opened = { threads: 1 };
    await using upstream = await openUpstream(embedded.upstream, opened);
    await using corrector = await openCorrector(embedded.corrector, opened);
    const quiet = (): void => undefined;
    const warnings: string[] = [];
    const knobs = await openKnobs({ corrector, upstream: upstream.identity.sha256, warn: (text) => warnings.push(text), note: quiet }); // prettier-ignore
    expect(knobs.map(({ name }) => name)).toEqual(['own']);
    // Its calibration ships beside its direction, and is of these two models.
    expect([warnings, knobs[0]?.calibration?.heldOut?.rows.every(({ within }) => within)]).toEqual([[], true]); // prettier-ignore
    const runs: ModelRun[] = [];
    await using server = await testServer({
      ...{ upstream, corrector, onRun: (run) => runs.push(run) },
      rules: { knobs, defaults: {}, maxCoefficient: 1, allowOff: false },
    });
    const { questions } = generatedQuestions({ split: 'test', count: 5, seed: 0 });
    const bodies = questions.flatMap(({ question }, i) =>
      [-1, 0, 0.3].map((coefficient) => ({
        messages: [{ role: 'user', content: question }],
        aligner: { coefficient, ...(i % 2 === 0 && { layers: [8, 9] }) },
        ...(i >= 3 && { temperature: 0.7, seed: i }),
      })),
    );
    const textOf = async (body: object): Promise<unknown> => {
      const answer = (await (await server.chat(body)).json()) as { choices: { message: { content: string } }[] }; // prettier-ignore
      return answer.choices[0]?.message.content;
    };
    const together = await Promise.all(bodies.map(textOf));
    expect(Math.max(...runs.map(({ rows }) => rows))).toBeGreaterThan(4);
    runs.length = 0;
    const alone: unknown[] = [];
    for (const body of bodies) alone.push(await textOf(body));
    expect(runs.every(({ rows }) => rows === 1)).toBe(true);
    expect(together).toEqual(alone);
    expect(new Set(together).size).toBeGreaterThan(8);
  }, 120_000);
});
