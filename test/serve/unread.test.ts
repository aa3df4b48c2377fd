/** What a model has yet to read, in letters. */
import { expect, it } from 'vitest';
import { Unread } from '../../src/serve/unread.js';

it('is what stands behind the text that it has read and written', () => {
  const unread = new Unread();
  const cache = {};
  expect(unread.next(cache, 'How many?')).toBe(9);
  unread.wrote(cache, ' Two is 3.');
  // Copied, so that it goes on behind its own words; then rewritten from the third on.
  expect(unread.next(cache, 'How many? Two is 3.')).toBe(0);
  expect(unread.next(cache, 'How many? Two is 2.')).toBe('2.'.length);
  expect(unread.next({}, 'How many? Two is 2.')).toBe(19);
  expect([unread.next(undefined, 'How many?'), unread.next(undefined, 'How many?')]).toEqual([9, 9]); // prettier-ignore
});
