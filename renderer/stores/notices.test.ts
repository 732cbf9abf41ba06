import { expect, test } from 'vitest';
import { notices } from './notices.ts';

test('the same sentence again takes the place of the first; the oldest of many leave', () => {
  const store = notices();
  for (const text of ['a', 'b', 'a', 'c', 'd', 'e']) store.succeed(text);
  expect(store.getState().map(({ text }) => text)).toEqual(['a', 'c', 'd', 'e']);
});

test('a dismissed notice is gone', () => {
  const store = notices();
  store.fail({ kind: 'cancelled', text: 'cancelled', remedy: 'again' });
  for (const { id } of store.getState()) store.dismiss(id);
  expect(store.getState()).toEqual([]);
});
