import { expect, test } from 'vitest';
import { table } from './table.ts';

const columns = ['Guest', { title: 'User', dropOrder: 2 }, { title: 'Paths', dropOrder: 1 }, 'Host'];
const rows = [
  ['web01', 'ada', '2/2', 'rack1'],
  ['東京', 'grace', '1/2', 'rack2'],
];

test('pads every column to its widest cell', () => {
  expect(table(columns, rows)).toBe(
    ['Guest  User   Paths  Host', 'web01  ada    2/2    rack1', '東京   grace  1/2    rack2'].join('\n'),
  );
});

test.each([
  [26, 'Guest  User   Paths  Host'],
  [25, 'Guest  Paths  Host'],
  [18, 'Guest  Host'],
  [3, 'Guest  Host'],
])('in %d cells leaves out what matters least', (width, header) => {
  expect(table(columns, rows, { width }).split('\n')[0]).toBe(header);
});

test('shows names that would drive the terminal as harmless text', () => {
  expect(table(['Guest'], [['web\u001B[2J\n01']])).toBe('Guest\nweb\\u001b[2J 01');
});

test('without rows is its header', () => {
  expect(table(['Guest', 'Host'], [])).toBe('Guest  Host');
});
