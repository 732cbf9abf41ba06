import { expect, test } from 'vitest';
import { orEvery, parseNumberList } from './number-list.ts';

test.each([
  ['0-3,8', [0, 1, 2, 3, 8]],
  ['5\n', [5]],
  ['', []],
  ['3-1', []],
  ['all', []],
])('%j', (text, numbers) => {
  expect(parseNumberList(text)).toEqual(numbers);
});

test('a list without an end is cut', () => {
  expect(parseNumberList('0-99999').length).toBe(16_384);
});

test('what holds all that there is is every one, on any machine', () => {
  const lists = ['0-127', '0-1', '0', ''].map((list) => orEvery(list, [0, 1], 'every processor'));
  expect([lists, orEvery('0', [], 'every processor')]).toEqual([['every processor', 'every processor', '0', ''], '0']);
});
