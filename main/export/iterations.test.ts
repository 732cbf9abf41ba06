import { expect, test } from 'vitest';
import type { JournalEvent } from '#contract/migration.ts';
import { iterationRows, verdictOf } from './iterations.ts';
import { qemuAt } from './testing/example-migration.ts';

const begun = (iteration: number, remainingBytes: number, transferredBytes: number): JournalEvent => ({
  kind: 'iteration',
  iteration,
  remainingBytes,
  transferredBytes,
  dirtyPagesPerSecond: 0,
});

test('no iteration has begun', () => {
  expect(iterationRows([], undefined)).toEqual([]);
});

test('each row shows what it had to send, what it sent and what it left', () => {
  const events = [begun(1, 1000, 0), begun(2, 400, 900), begun(3, 100, 1300)];
  expect(iterationRows(events, qemuAt({ transferredBytes: 1420, remainingBytes: 0 }))).toEqual([
    { iteration: 1, dirtiedBytes: 0, sentBytes: 900, remainingBytes: 400, verdict: 'first' },
    { iteration: 2, dirtiedBytes: 400, sentBytes: 400, remainingBytes: 100, verdict: 'converging' },
    { iteration: 3, dirtiedBytes: 100, sentBytes: 120, remainingBytes: 0, verdict: 'converging' },
  ]);
});

test('the running one without a figure of QEMU has sent nothing yet', () => {
  expect(iterationRows([begun(1, 1000, 0)], undefined)).toEqual([
    { iteration: 1, dirtiedBytes: 0, sentBytes: 0, remainingBytes: 1000, verdict: 'first' },
  ]);
});

test('a verdict is against the lowest so far, not against the one before', () => {
  const events = [begun(1, 1000, 0), begun(2, 100, 1000), begun(3, 500, 1100), begun(4, 300, 1600)];
  expect(iterationRows(events, undefined).map(({ verdict }) => verdict)).toEqual([
    'first',
    'converging',
    'not-converging',
    'not-converging',
  ]);
});

test('reported twice, because a second manager took up in the middle, it is one iteration', () => {
  const events = [begun(1, 1000, 0), begun(2, 400, 900), begun(2, 150, 1150)];
  expect(iterationRows(events, undefined).map(({ iteration, dirtiedBytes }) => [iteration, dirtiedBytes])).toEqual([
    [1, 0],
    [2, 400],
  ]);
});

test('the last look, with nothing left to send, is no iteration of its own', () => {
  const events = [begun(1, 1000, 0), begun(2, 400, 900), begun(4, 0, 1350)];
  expect(iterationRows(events, qemuAt({ transferredBytes: 1360, remainingBytes: 0 }))).toEqual([
    { iteration: 1, dirtiedBytes: 0, sentBytes: 900, remainingBytes: 400, verdict: 'first' },
    { iteration: 2, dirtiedBytes: 400, sentBytes: 460, remainingBytes: 0, verdict: 'converging' },
  ]);
});

test.for([
  [89, 'converging'],
  [90, 'borderline'],
  [110, 'borderline'],
  [111, 'not-converging'],
] as const)('%i to send, 100 at the least before: %s', ([remaining, verdict]) => {
  expect(verdictOf(remaining, 100)).toBe(verdict);
});
