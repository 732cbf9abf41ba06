import { expect, test } from 'vitest';
import { ChartWindow, stacked } from './chart-window.ts';
import { RecentColumns } from './recent-columns.ts';

function columnsOf(count: number, capacity = 1_000): RecentColumns {
  const columns = new RecentColumns(capacity);
  for (let index = 0; index < count; index += 1) {
    columns.push({ atEpochMs: index * 100, values: new Map([['throughputBitsPerSecond', index]]) });
  }
  return columns;
}

test('a span has its rows and one beyond each edge', () => {
  const window = new ChartWindow(columnsOf(100), { fromEpochMs: 1_050, toEpochMs: 1_250 }, 500);
  expect(window.times()).toEqual([1, 1.1, 1.2, 1.3]);
  expect(window.points('throughputBitsPerSecond')).toEqual([10, 11, 12, 13]);
});

test('too many rows are thinned to means', () => {
  const window = new ChartWindow(columnsOf(8), { fromEpochMs: 0, toEpochMs: 700 }, 2);
  expect([window.times(), window.points('throughputBitsPerSecond')]).toEqual([
    [0.3, 0.7],
    [1.5, 5.5],
  ]);
});

test('a new sample leaves the older buckets as they were', () => {
  const span = (toEpochMs: number): { fromEpochMs: number; toEpochMs: number } => ({ fromEpochMs: 0, toEpochMs });
  const before = new ChartWindow(columnsOf(90, 60), span(8_900), 20).points('throughputBitsPerSecond');
  const after = new ChartWindow(columnsOf(91, 60), span(9_000), 20).points('throughputBitsPerSecond');
  expect(after.slice(1, -1)).toEqual(before.slice(1, after.length - 1));
});

test('what nothing is known of is a gap', () => {
  const window = new ChartWindow(columnsOf(3), { fromEpochMs: 0, toEpochMs: 200 }, 10);
  expect(window.points('remainingBytes')).toEqual([null, null, null]);
});

test('layers stand on each other, a gap counts as nothing', () => {
  expect(
    stacked([
      [1, 2],
      [10, null],
      [100, 100],
    ]),
  ).toEqual([
    [1, 2],
    [11, 2],
    [111, 102],
  ]);
});
