import { expect, it } from 'vitest';
import { wordChanges } from '../../src/text/wordChanges.js';

it('says what stays, goes and comes', () => {
  expect(wordChanges('Two is 3.', 'Two is 2.')).toEqual([
    { kind: 'same', text: 'Two is ' },
    { kind: 'removed', text: '3' },
    { kind: 'added', text: '2' },
    { kind: 'same', text: '.' },
  ]);
  expect(wordChanges('a b', 'a b')).toEqual([{ kind: 'same', text: 'a b' }]);
  expect(wordChanges('', 'b')).toEqual([{ kind: 'added', text: 'b' }]);
  expect(wordChanges('', '')).toEqual([]);
});

it('gives both texts whole where nothing is alike', () => {
  const words = (sign: string): string => Array.from({ length: 20_000 }, (_, i) => sign + i).join(' '); // prettier-ignore
  const [before, after] = [words('a'), words('b')];
  expect(wordChanges(before, after)).toEqual([
    { kind: 'removed', text: before },
    { kind: 'added', text: after },
  ]);
}, 10_000);
