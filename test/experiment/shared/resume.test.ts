import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resume, unitKey, type Unit } from '../../../src/experiment/shared/resume.js';
import { folderStore } from '../../../src/record/store.js';

interface Row {
  key: string;
  value: number;
}

/** Two units of three and two records; counts how often each is computed. */
function twoUnits(ran: string[], delays = [0, 0]): Unit<Row>[] {
  const unit = (name: string, count: number, delay: number): Unit<Row> => ({
    records: Array.from({ length: count }, (_, i) => `${name}${i}`),
    inputs: { name, count },
    async *run() {
      ran.push(name);
      for (let i = 0; i < count; i++) {
        await new Promise((resolve) => setTimeout(resolve, delay));
        yield { key: `${name}${i}`, value: i };
      }
    },
  });
  return [unit('a', 3, delays[0] ?? 0), unit('b', 2, delays[1] ?? 0)];
}

async function all(
  options: Partial<Parameters<typeof resume<Row>>[0]> & { units: Unit<Row>[] },
): Promise<string[]> {
  const rows: string[] = [];
  const given = { keyOf: (row: Row) => row.key, done: new Map<string, Row>(), ...options };
  for await (const { key } of resume(given)) rows.push(key);
  return rows;
}

const folder = mkdtempSync(join(tmpdir(), 'aligner-lab-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('resume', () => {
  it('yields records in the order of the units, side by side or not', async () => {
    const order = ['a0', 'a1', 'a2', 'b0', 'b1'];
    expect(await all({ units: twoUnits([]) })).toEqual(order);
    expect(await all({ units: twoUnits([], [5, 0]), atOnce: 2 })).toEqual(order);
  });

  it.each([0, 1, 2, 3, 4, 5])('after %i records a run ends with the same ones', async (kept) => {
    for (const atOnce of [1, 2]) {
      const whole = await all({ units: twoUnits([]) });
      const done = new Map(whole.slice(0, kept).map((key) => [key, { key, value: -1 }]));
      const ran: string[] = [];
      expect(await all({ units: twoUnits(ran), done, atOnce })).toEqual(whole.slice(kept));
      expect([...done.keys()]).toEqual(whole);
      // A unit that is complete is not computed; one that is not is computed whole.
      expect(ran).toEqual([...(kept < 3 ? ['a'] : []), ...(kept < 5 ? ['b'] : [])]);
    }
  });

  it('tells of every unit in order, complete ones too', async () => {
    const ended: string[] = [];
    const done = new Map(['a0', 'a1', 'a2'].map((key) => [key, { key, value: 0 }]));
    const onUnit = ({ records }: Unit<Row>) => void ended.push(records[0] ?? '');
    await all({ units: twoUnits([], [9, 0]), done, atOnce: 2, onUnit });
    expect(ended).toEqual(['a0', 'b0']);
  });

  it('refuses a unit that leaves a record out, and ends by its signal', async () => {
    const [unit] = twoUnits([]);
    if (!unit) throw new Error('no unit');
    const short = { ...unit, records: [...unit.records, 'a3'] };
    await expect(all({ units: [short] })).rejects.toThrow('gave no record a3');
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(all({ units: twoUnits([]), signal })).rejects.toThrow('interrupted');
  });

  it('takes a unit from the store that another run filled, and no other', async () => {
    const store = folderStore(join(folder, 'shared'));
    const ran: string[] = [];
    const identity = { kind: 'test', model: 'abc' };
    const first = await all({ units: twoUnits(ran), store, identity });
    expect(await all({ units: twoUnits(ran), store, identity })).toEqual(first);
    expect(ran).toEqual(['a', 'b']);
    await all({ units: twoUnits(ran), store, identity: { ...identity, model: 'other' } });
    expect(ran).toEqual(['a', 'b', 'a', 'b']);
  });

  it('refuses what a store keeps where it is no record', async () => {
    const store = folderStore(join(folder, 'checked'));
    const [unit] = twoUnits([]);
    if (!unit) throw new Error('no unit');
    const shape = z.strictObject({ key: z.string(), value: z.number() });
    await store.put(unitKey(unit, null), [{ key: 'a0', value: 'zero' }]);
    const refused = all({ units: [unit], store, shape });
    await expect(refused).rejects.toThrow(/store: \S*[0-9a-f]{64}\S* \(delete it, .*\[0\]\.value/s);
  });
});

describe('unitKey', () => {
  it('follows from what goes in, whatever the order of its keys', () => {
    const key = unitKey({ inputs: { a: 1, b: [2] } }, { kind: 'x' });
    expect(unitKey({ inputs: { b: [2], a: 1 } }, { kind: 'x' })).toBe(key);
    expect(unitKey({ inputs: { a: 1, b: [3] } }, { kind: 'x' })).not.toBe(key);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('folderStore', () => {
  it('keeps the first value of a key, whole, apart by what results depend on beside it', async () => {
    const path = join(folder, 'one');
    const store = folderStore(path);
    expect(await store.get('0123456789')).toBeUndefined();
    await store.put('0123456789', [{ key: 'a', value: 1 }]);
    await store.put('0123456789', 'second');
    expect(await store.get('0123456789')).toEqual([{ key: 'a', value: 1 }]);
    expect(readdirSync(path, { recursive: true })).toEqual(['01', join('01', '0123456789.json')]);
    const [other, same] = [{ version: 2 }, { version: 1 }].map((about) => folderStore(path, about));
    await folderStore(path, { version: 1 }).put('0123456789', 'of version 1');
    expect(await other?.get('0123456789')).toBeUndefined();
    expect(await same?.get('0123456789')).toBe('of version 1');
    await expect(store.get('../../etc')).rejects.toThrow(/expected hexadecimal/);
  });
});
