/** Units that several participants share over a folder: the records of one, and each unit once. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { resume, unitKey, type Unit } from '../../src/experiment/shared/resume.js';
import { folderClaims, type FolderClaimsOptions } from '../../src/machines/folderClaims.js';
import { Away } from '../../src/machines/away.js';
import { Cancelled, HelpEnds } from '../../src/record/claims.js';
import { folderStore, type Store } from '../../src/record/store.js';
import { temporaryFolder } from '../runtime/models.js';

const temporary = temporaryFolder();
afterAll(temporary.remove);
let folders = 0;
const newFolder = (): string => join(temporary.path, `store-${folders++}`);

interface Row {
  key: string;
  value: number;
}

/** Units of two records each; whoever computes one leaves its mark. */
function unitsOf(count: number, compute: (index: number) => Promise<void>): Unit<Row>[] {
  return Array.from({ length: count }, (_, i) => ({
    records: [`${i}a`, `${i}b`],
    inputs: { i },
    run: async () => {
      await compute(i);
      return ['a', 'b'].map((letter) => ({ key: `${i}${letter}`, value: i }));
    },
  }));
}

interface Participant extends AsyncDisposable {
  store: Store;
}

async function participant(
  folder: string,
  options: Partial<FolderClaimsOptions> = {},
): Promise<Participant> {
  const claims = await folderClaims({ folder, run: 'r', scope: 's', every: 20, ...options });
  return {
    store: { ...folderStore(folder), claims },
    [Symbol.asyncDispose]: () => claims[Symbol.asyncDispose](),
  };
}

async function rows(
  units: readonly Unit<Row>[],
  { store, ...more }: Partial<Parameters<typeof resume<Row>>[0]>,
): Promise<string[]> {
  const made: string[] = [];
  const done = new Map<string, Row>();
  const given = { units, done, keyOf: ({ key }: Row) => key, ...(store && { store }), ...more };
  for await (const { key } of resume(given)) made.push(key);
  return made;
}

const sleep = (): Promise<void> => wait(2);

describe('participants on one folder', () => {
  it.each([1, 3])(
    'end with the records of one, %i units at once, each computed once',
    async (atOnce) => {
      const folder = newFolder();
      const ran: number[] = [];
      const alone = await rows(unitsOf(40, sleep), {});
      const participants = await Promise.all(
        [true, false, false].map((first) => participant(folder, { first })),
      );
      const units = unitsOf(40, async (i) => {
        ran.push(i);
        await sleep();
      });
      const each = await Promise.all(
        participants.map(({ store }) => rows(units, { store, atOnce })),
      );
      each.forEach((made) => expect(made).toEqual(alone));
      expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
      // Nothing is left of leases, and of pulses once all have gone.
      expect(readdirSync(join(folder, 'leases', 's'))).toEqual([]);
      for (const one of participants) await one[Symbol.asyncDispose]();
      expect(readdirSync(join(folder, 'pulses'))).toEqual([]);
    },
  );

  it('one that computes nothing waits for those that do', async () => {
    const folder = newFolder();
    await using watching = await participant(folder, { computes: false });
    await using working = await participant(folder);
    const never = unitsOf(5, () => Promise.reject(new Error('computed where nothing should be')));
    const [watched, worked] = await Promise.all([
      rows(never, { store: watching.store }),
      rows(unitsOf(5, sleep), { store: working.store }),
    ]);
    expect(watched).toEqual(worked);
  });

  it('goes on from records that are there', async () => {
    const folder = newFolder();
    await using one = await participant(folder);
    const done = new Map(['0a', '0b', '2a', '2b'].map((key) => [key, { key, value: 0 }]));
    const ended: string[] = [];
    const onUnit = ({ records }: Unit<Row>): void => void ended.push(records[0] ?? '');
    const made = await rows(unitsOf(3, sleep), { store: one.store, done, onUnit });
    expect(made).toEqual(['1a', '1b']);
    expect(ended).toEqual(['0a', '1a', '2a']);
  });

  it('a failure is another’s to try; after three the unit is given up, and all others are done', async () => {
    const folder = newFolder();
    await using one = await participant(folder);
    await using other = await participant(folder);
    let tried = 0;
    const ran = new Set<number>();
    const units = unitsOf(12, async (i) => {
      await sleep();
      if (i !== 4) return void ran.add(i);
      throw new Error(`no luck, ${++tried}`);
    });
    const ends = await Promise.allSettled([one, other].map(({ store }) => rows(units, { store })));
    const said = ends.map((end) => (end.status === 'rejected' ? String(end.reason) : 'fine'));
    expect(tried).toBe(3);
    expect(ran.size).toBe(11);
    // One of them may have failed three times itself.
    said.forEach((text) => expect(text).toMatch(/no luck/));
    expect(said.join()).toMatch(
      /1 of 12 were given up after three attempts .*no luck, 1; no luck, 2/,
    );
    // The same command, given again, tries anew.
    await using again = await participant(folder, { run: 'another' });
    expect(await rows(unitsOf(12, sleep), { store: again.store })).toHaveLength(24);
  });

  it('ends where nothing works on this machine', async () => {
    await using one = await participant(newFolder());
    const units = unitsOf(20, () => Promise.reject(new Error('no memory')));
    await expect(rows(units, { store: one.store })).rejects.toThrow('no memory');
  });

  it('one that only helps computes, and reads no result of the last units', async () => {
    const folder = newFolder();
    await using first = await participant(folder, { computes: false });
    await using helper = await participant(folder, { first: false });
    let reads = 0;
    const get = (key: string): Promise<unknown> => (reads++, helper.store.get(key));
    const store = { ...helper.store, get, helps: true };
    const all = rows(unitsOf(8, sleep), { store: first.store, last: true });
    await expect(rows(unitsOf(8, sleep), { store, last: true })).rejects.toThrow(HelpEnds);
    expect(reads).toBe(0);
    expect(await all).toEqual(await rows(unitsOf(8, sleep), {}));
    // What follows other units may depend on them.
    expect(await rows(unitsOf(8, sleep), { store })).toHaveLength(16);
    expect(reads).toBe(8);
  });

  it('a store that is away is no fault of the unit’s: it is given back', async () => {
    const folder = newFolder();
    await using cut = await participant(folder);
    await using other = await participant(folder);
    const put = (): Promise<void> => Promise.reject(new Away('store: cannot be reached'));
    for (let i = 0; i < 4; i++) {
      const tried = rows(unitsOf(1, sleep), { store: { ...cut.store, put } });
      await expect(tried).rejects.toThrow(Away);
    }
    expect(await rows(unitsOf(1, sleep), { store: other.store })).toHaveLength(2);
  });

  it('gives its units back when it is interrupted, and they do not count as tried', async () => {
    const folder = newFolder();
    const ending = new AbortController();
    const one = await participant(folder);
    const { signal } = ending;
    const units = unitsOf(3, async () => {
      ending.abort(new Error('interrupted'));
      await Promise.reject(new Error('the model ended'));
    });
    for (let i = 0; i < 4; i++) {
      await expect(rows(units, { store: one.store, signal })).rejects.toThrow('interrupted');
    }
    expect(await rows(unitsOf(3, sleep), { store: one.store })).toHaveLength(6);
    await one[Symbol.asyncDispose]();
  });

  it('stops at the next unit where the work is cancelled', async () => {
    const folder = newFolder();
    let units = 0;
    const told = {
      check: () => (units >= 2 ? Promise.reject(new Cancelled('cancelled')) : Promise.resolve()),
      tell: () => undefined,
    };
    await using one = await participant(folder, { told });
    const work = unitsOf(9, () => Promise.resolve(void units++));
    await expect(rows(work, { store: one.store })).rejects.toThrow('cancelled');
    expect(units).toBe(2);
  });

  it('a result that another has put meanwhile is taken, not made again', async () => {
    const folder = newFolder();
    await using one = await participant(folder);
    const [unit] = unitsOf(1, () => Promise.reject(new Error('made again')));
    if (!unit) throw new Error('no unit');
    const kept = ['0a', '0b'].map((key) => ({ key, value: 7 }));
    const { claims } = one.store;
    const late: Store = {
      ...one.store,
      claims: {
        async open(list) {
          const open = await claims?.open(list);
          if (!open) throw new Error('no claims');
          const next: typeof open.next = async (wanted) => {
            const claim = await open.next(wanted);
            await one.store.put(unitKey(unit, null), kept);
            return claim;
          };
          return Object.assign(Object.create(open) as typeof open, { next, givenUp: open.givenUp, tell: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() }); // prettier-ignore
        },
      },
    };
    expect(await rows([unit], { store: late })).toEqual(['0a', '0b']);
  });

  it('one unit that is found done tells of all others that are', async () => {
    const folder = newFolder();
    const units = unitsOf(60, sleep);
    await using one = await participant(folder);
    const all = await rows(units, { store: one.store });
    await using late = await participant(folder);
    let asked = 0;
    const counting: Store = {
      ...late.store,
      has: (key) => (asked++, late.store.has(key)),
    };
    expect(await rows(units, { store: counting })).toEqual(all);
    expect(asked).toBe(1);
  });
});

describe('folderStore', () => {
  it.each([null, { threads: 2 }])('knows which of many keys it has, about %j', async (about) => {
    const store = folderStore(newFolder(), about);
    const keys = Array.from({ length: 600 }, (_, i) => (0x1000_0000 + i * 7_654_321).toString(16));
    const kept = keys.filter((_, i) => i % 3 === 0);
    expect(await store.known?.(keys)).toEqual([]);
    for (const key of kept) await store.put(key, 1);
    expect((await store.known?.(keys))?.sort()).toEqual([...kept].sort());
    expect(await store.known?.([])).toEqual([]);
  });
});
