import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { rowAt, type Columns } from './columns.ts';
import { RecentColumns } from './recent-columns.ts';
import type { ColumnName, Row } from './row.ts';
import { WholeRunColumns } from './whole-run-columns.ts';

function row(atEpochMs: number, value = atEpochMs): Row {
  return { atEpochMs, values: new Map<ColumnName, number>([['throughputBitsPerSecond', value]]) };
}

function filled<Kind extends Columns & { push(row: Row): void }>(columns: Kind, count: number): Kind {
  for (let index = 0; index < count; index += 1) columns.push(row(index));
  return columns;
}

function rates(columns: Columns): number[] {
  return [...(columns.column('throughputBitsPerSecond') ?? [])];
}

test('the recent columns hold the last rows, in order, and know which they are', () => {
  assert(
    property(integer({ min: 1, max: 9 }), integer({ min: 0, max: 60 }), (capacity, count) => {
      const columns = filled(new RecentColumns(capacity), count);
      const first = Math.max(0, count - capacity);
      const expected = Array.from({ length: count - first }, (_, index) => first + index);
      expect([rates(columns), [...columns.atEpochMs], columns.length]).toEqual([expected, expected, expected.length]);
      expect(columns.firstRow).toBe(first);
    }),
  );
});

test('a column that appears late, or is silent once, has no value there', () => {
  const columns = new RecentColumns(4);
  columns.push(row(0));
  columns.push({ atEpochMs: 1, values: new Map([['remainingBytes', 5]]) });
  columns.push(row(2));
  expect([...(columns.column('remainingBytes') ?? [])]).toEqual([Number.NaN, 5, Number.NaN]);
  expect(rates(columns)).toEqual([0, Number.NaN, 2]);
});

test('the whole run is kept in rows of equal length, as few as fit', () => {
  assert(
    property(integer({ min: 1, max: 4 }), integer({ min: 0, max: 200 }), (half, count) => {
      const capacity = half * 2;
      let samplesPerRow = 1;
      while (Math.floor(count / samplesPerRow) > capacity) samplesPerRow *= 2;
      const means = Array.from(
        { length: Math.floor(count / samplesPerRow) },
        (_, index) => samplesPerRow * index + (samplesPerRow - 1) / 2,
      );
      expect(rates(filled(new WholeRunColumns(capacity), count))).toEqual(means);
    }),
  );
});

test('when the whole run is thinned, rates are averaged and totals are the later ones', () => {
  const columns = new WholeRunColumns(2);
  for (let index = 0; index < 4; index += 1) {
    columns.push({
      atEpochMs: index,
      values: new Map([
        ['throughputBitsPerSecond', index],
        ['remainingBytes', index],
      ]),
    });
  }
  expect([rates(columns), [...(columns.column('remainingBytes') ?? [])], [...columns.atEpochMs]]).toEqual([
    [0.5, 2.5],
    [1, 3],
    [1, 3],
  ]);
});

test('the row of an instant is the last one not after it', () => {
  const columns = new RecentColumns(8);
  for (const at of [10, 20, 30]) columns.push(row(at));
  expect([9, 10, 29, 30, 99].map((at) => rowAt(columns, at))).toEqual([-1, 0, 1, 2, 2]);
});
