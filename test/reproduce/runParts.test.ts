/** Parts of a large run: what is complete is kept, what fails costs no other. */
import { leastUnits } from '../../src/reproduce/paper/verdicts.js';
import { describe, expect, it } from 'vitest';
import {
  runParts,
  type PartOutcome,
  type PartStart,
  type RunPartsOptions,
} from '../../src/reproduce/runParts.js';
import {
  limitSizes,
  partSizes,
  planParts,
  labelsOf,
  type ReproduceModels,
} from '../../src/reproduce/plan.js';

interface Item {
  name: string;
  turn: number;
  expected: number;
}

const parts: Item[] = ['a', 'b', 'c', 'd'].map((name, turn) => ({ name, turn, expected: 10 }));

async function all(
  options: Partial<RunPartsOptions<Item, string>> = {},
): Promise<{ outcomes: PartOutcome<Item, string>[]; ran: string[] }> {
  const ran: string[] = [];
  const outcomes: PartOutcome<Item, string>[] = [];
  const steps = runParts<Item, string>({
    parts,
    find: () => Promise.resolve(null),
    ...options,
    run: (start) => {
      ran.push(start.part.name);
      return options.run?.(start) ?? Promise.resolve(`made ${start.part.name}`);
    },
  });
  for await (const outcome of steps) outcomes.push(outcome);
  return { outcomes, ran };
}

const states = (outcomes: readonly PartOutcome<Item, string>[]): string[] =>
  outcomes.map(({ part, state }) => `${part.name} ${state}`);

describe('runParts', () => {
  it('runs all in order, and says how long each took', async () => {
    let now = 0;
    const { outcomes } = await all({ clock: () => (now += 5) });
    expect(states(outcomes)).toEqual(['a done', 'b done', 'c done', 'd done']);
    expect(outcomes.map(({ summary }) => summary)).toContain('made c');
    expect(outcomes.every(({ milliseconds }) => (milliseconds ?? 0) > 0)).toBe(true);
  });

  it('does not run what is complete', async () => {
    const find = ({ name }: Item) => Promise.resolve(name === 'b' ? 'found b' : null);
    const { outcomes, ran } = await all({ find });
    expect(ran).toEqual(['a', 'c', 'd']);
    expect(outcomes[1]).toMatchObject({ state: 'kept', summary: 'found b', milliseconds: null });
  });

  it('reports what fails and goes on, also where looking for it fails', async () => {
    const run = ({ part: { name } }: PartStart<Item>) =>
      name === 'b' ? Promise.reject(new Error('no copies')) : Promise.resolve(name);
    const find = ({ name }: Item) =>
      name === 'd' ? Promise.reject(new Error('another run')) : Promise.resolve(null);
    const { outcomes, ran } = await all({ run, find });
    expect(states(outcomes)).toEqual(['a done', 'b failed', 'c done', 'd failed']);
    expect(outcomes.map(({ error }) => error)).toEqual([null, 'no copies', null, 'another run']);
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('leaves out what is not wanted, but takes it where it is there', async () => {
    const find = ({ name }: Item) => Promise.resolve(name === 'd' ? 'found d' : null);
    const { outcomes, ran } = await all({ find, wanted: ({ name }) => name === 'b' });
    expect(states(outcomes)).toEqual(['a left out', 'b done', 'c left out', 'd kept']);
    expect(ran).toEqual(['b']);
  });

  it('ends at an interruption, which is no failure of the part', async () => {
    const stop = new AbortController();
    const reason = new Error('interrupted');
    const seen: string[] = [];
    const steps = runParts<Item, string>({
      parts,
      find: () => Promise.resolve(null),
      run: ({ part: { name } }) => {
        if (name === 'b') stop.abort(reason);
        return name === 'b' ? Promise.reject(reason) : Promise.resolve(name);
      },
      signal: stop.signal,
    });
    await expect(async () => {
      for await (const { part } of steps) seen.push(part.name);
    }).rejects.toBe(reason);
    expect(seen).toEqual(['a']);
  });

  it('runs parts of one turn side by side, and a turn after the one before', async () => {
    const turns = [0, 1, 1, 1].map((turn, i) => ({ ...parts[i], turn })) as Item[];
    const running = new Set<string>();
    const seen: string[][] = [];
    const ends = new Map<string, () => void>();
    const run = async ({ part: { name } }: PartStart<Item>) => {
      running.add(name);
      seen.push([...running]);
      await new Promise<void>((resolve) => {
        ends.set(name, resolve);
        // b goes on until d has begun, which takes the place of c.
        if (name !== 'b') setImmediate(resolve);
        if (name === 'd') ends.get('b')?.();
      });
      running.delete(name);
      return name;
    };
    const { outcomes } = await all({ parts: turns, atOnce: 2, run });
    expect(seen).toEqual([['a'], ['b'], ['b', 'c'], ['b', 'd']]);
    expect(states(outcomes)).toEqual(['a done', 'c done', 'b done', 'd done']);
  });

  it('waits for what still runs before an interruption is thrown', async () => {
    const turn = parts.map((part) => ({ ...part, turn: 0 }));
    const stop = new AbortController();
    let ended = false;
    const run = async ({ part: { name } }: PartStart<Item>) => {
      if (name === 'b') stop.abort(new Error('interrupted'));
      stop.signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
      return name;
    };
    const steps = all({ parts: turn, atOnce: 2, run, signal: stop.signal });
    await expect(steps).rejects.toThrow('interrupted');
    expect(ended).toBe(true);
  });

  it('says what is left at the pace so far, without what is complete', async () => {
    let now = 0;
    const told: (number | null)[] = [];
    const find = ({ name }: Item) => Promise.resolve(name === 'c' ? 'found' : null);
    await all({
      find,
      // Each part takes 30 for the 10 that were expected.
      run: ({ left, index, total }) => {
        told.push(left, index, total);
        now += 30;
        return Promise.resolve('');
      },
      clock: () => now,
    });
    expect(told).toEqual([null, 1, 4, 60, 2, 4, 30, 4, 4]);
  });
});

const models: ReproduceModels = {
  upstream: 'up',
  sizes: [
    { corrector: 'corrector-x-s', aligner: 'aligner-x-s' },
    { corrector: 'corrector-x-m' },
    { corrector: 'corrector-x-m-seed2' },
  ],
  tuned: {},
};

describe('the plan', () => {
  it('has a part of every kind for every corrector and Aligner, answers first', () => {
    const planned = planParts(models);
    expect(planned.map(({ kind }) => kind).slice(0, 3)).toEqual(['rounds', 'compare', 'scan']);
    const sweeps = planned.filter(({ kind }) => kind === 'sweep');
    expect(sweeps.map(({ name }) => name)).toEqual([
      ...['sweep-corrector-x-s', 'sweep-corrector-x-m', 'sweep-corrector-x-m-seed2'],
      'sweep-aligner-x-s',
    ]);
    expect(sweeps.at(-1)?.role).toBe('aligner');
    expect(new Set(planned.map(({ name }) => name)).size).toBe(planned.length);
  });

  it('labels sizes by what their names do not share', () => {
    expect(labelsOf(models)).toEqual(['s', 'm', 'm-seed2']);
    const of = (...names: string[]): string[] =>
      labelsOf({ ...models, sizes: names.map((corrector) => ({ corrector })) });
    expect(of('mine')).toEqual(['mine']);
    expect(of('a-b', 'c-d')).toEqual(['a-b', 'c-d']);
    expect(of('a', 'a-b')).toEqual(['a', 'a-b']);
  });

  it('is nowhere larger than its limit', () => {
    const { rounds, compare, lens, sweep, causal } = limitSizes(partSizes.default, 5);
    expect([rounds.problems, compare.timed, lens.problems, sweep.problems, causal.pairs]).toEqual([
      5, 5, 5, 5, 5,
    ]);
    expect(limitSizes(partSizes.default, Infinity)).toEqual(partSizes.default);
  });

  it('has less of everything in the quick extent', () => {
    const { default: usual, quick } = partSizes;
    expect(quick.rounds.problems).toBeLessThan(usual.rounds.problems);
    expect(quick.sweep.problems).toBeLessThanOrEqual(usual.sweep.problems);
  });

  it('runs nothing in the quick extent that is too small for any verdict', () => {
    const { rounds, compare, lens, sweep, causal } = partSizes.quick;
    const least = [
      ...[rounds.problems, compare.problems, compare.timed, lens.problems],
      ...[sweep.problems, sweep.controlProblems, causal.problems, causal.pairs],
    ];
    for (const size of least) expect(size).toBeGreaterThanOrEqual(leastUnits);
    const names = planParts(models, 'quick').map(({ name }) => name);
    const all = planParts(models).map(({ name }) => name);
    const left = all.filter((name) => !names.includes(name));
    expect(left.every((name) => /^(sweep|causal)-aligner/.test(name))).toBe(true);
    expect(left.length).toBeGreaterThan(0);
  });

  it('labels fewer in the quick extent', () => {
    const { default: usual, quick } = partSizes;
    expect(quick.causal.pool).toBeLessThan(usual.causal.pool);
  });
});
