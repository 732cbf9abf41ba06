import { expect, test } from 'vitest';
import type { Sample } from '#contract/telemetry.ts';
import { barOf, fractionOf, noBar } from './task-bar.ts';
import { exampleRow } from './testing/example-row.ts';

test.each([
  ['nothing runs', [], noBar],
  ['nothing is known yet', [undefined], 0],
  ['one is known and one is not', [0.5, undefined], 0.25],
  ['one runs', [0.25], 0.25],
  ['two run', [0.25, 0.75], 0.5],
])('%s', (_name, fractions, bar) => {
  expect(barOf(fractions)).toBe(bar);
});

test('how far a migration is follows from what remains', () => {
  const latest: Sample = {
    atMonoMs: 0,
    atEpochMs: 0,
    connections: [],
    subflows: [],
    throughputBitsPerSecond: 1e9,
    qemu: {
      status: 'active',
      transferredBytes: 900,
      remainingBytes: 250,
      totalBytes: 1000,
      dirtyPagesPerSecond: 0,
      pageSizeBytes: 4096,
      iteration: 1,
    },
  };
  expect([fractionOf(exampleRow()), fractionOf(exampleRow({ latest }))]).toEqual([undefined, 0.75]);
});
