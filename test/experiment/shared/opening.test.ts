import { describe, expect, it } from 'vitest';
import { opening } from '../../../src/experiment/shared/opening.js';

function thing(name: string, closed: string[]): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(name)) };
}

describe('opening', () => {
  it('closes what was kept, the last first, and once', async () => {
    const closed: string[] = [];
    const opened = await opening((keep) => {
      keep(thing('a', closed));
      keep(thing('b', closed));
      return Promise.resolve({ made: 1 });
    });
    expect([opened.made, closed]).toEqual([1, []]);
    await opened[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    expect(closed).toEqual(['b', 'a']);
  });

  it('closes what is open where a later one fails', async () => {
    const closed: string[] = [];
    const failing = opening((keep) => {
      keep(thing('a', closed));
      return Promise.reject(new Error('no b'));
    });
    await expect(failing).rejects.toThrow('no b');
    expect(closed).toEqual(['a']);
  });

  const stuck: AsyncDisposable = {
    [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')),
  };

  it('closes the others where one does not close, and then throws', async () => {
    const closed: string[] = [];
    const opened = await opening((keep) => {
      keep(thing('a', closed));
      keep(stuck);
      keep(thing('c', closed));
      return Promise.resolve({});
    });
    await expect(opened[Symbol.asyncDispose]()).rejects.toThrow('stuck');
    expect(closed).toEqual(['c', 'a']);
  });

  it('says why it could not open, even where one does not close', async () => {
    const closed: string[] = [];
    const failing = opening((keep) => {
      keep(thing('a', closed));
      keep(stuck);
      return Promise.reject(new Error('no b'));
    });
    await expect(failing).rejects.toThrow('no b');
    expect(closed).toEqual(['a']);
  });
});
