import { describe, expect, test } from 'vitest';
import { progressOf, recentThroughput } from './progress.ts';
import type { QemuStatistics, Sample } from './telemetry.ts';

const mebibyte = 2 ** 20;

function statistics(changes: Partial<QemuStatistics> = {}): QemuStatistics {
  return {
    status: 'active',
    transferredBytes: 0,
    remainingBytes: 100 * mebibyte,
    totalBytes: 400 * mebibyte,
    dirtyPagesPerSecond: 0,
    pageSizeBytes: 4096,
    iteration: 1,
    ...changes,
  };
}

/** Pages a second that make this many bits a second. */
const pagesFor = (bitsPerSecond: number): number => bitsPerSecond / 8 / 4096;

describe('progress', () => {
  test('is what remains of the memory, whatever was sent', () => {
    expect(progressOf(statistics({ transferredBytes: 4000 * mebibyte }), 500e6).fraction).toBe(0.75);
  });

  test('stays at 99 % until the migration is done', () => {
    expect(progressOf(statistics({ remainingBytes: 0 }), 500e6).fraction).toBe(0.99);
  });

  test('is nothing before QEMU knows the size of the memory', () => {
    expect(progressOf(statistics({ totalBytes: 0, remainingBytes: 0 }), 0).fraction).toBe(0);
  });
});

describe('the time that is left', () => {
  test('is what remains over what is gained on the guest', () => {
    const { etaMs } = progressOf(statistics({ dirtyPagesPerSecond: pagesFor(100e6) }), 500e6);
    expect(etaMs).toBeCloseTo((100 * mebibyte * 8 * 1000) / 400e6, 6);
  });

  test.each([
    ['as fast as', 500e6],
    ['faster than', 600e6],
  ])('is unknown when the guest dirties %s is sent', (_, dirtyBitsPerSecond) => {
    const progress = progressOf(statistics({ dirtyPagesPerSecond: pagesFor(dirtyBitsPerSecond) }), 500e6);
    expect([progress.etaMs, progress.convergence]).toEqual([undefined, 'not-converging']);
  });

  test('is unknown while nothing moves, and so is whether it converges', () => {
    const progress = progressOf(statistics({ dirtyPagesPerSecond: 10 }), 0);
    expect([progress.etaMs, progress.convergence]).toEqual([undefined, 'unknown']);
  });
});

test.each([
  [0, 'converging'],
  [333e6, 'converging'],
  [334e6, 'borderline'],
  [499e6, 'borderline'],
  [500e6, 'not-converging'],
])('sending 500 Mbit/s while %d bit/s are dirtied is %s', (dirtyBitsPerSecond, verdict) => {
  expect(progressOf(statistics({ dirtyPagesPerSecond: pagesFor(dirtyBitsPerSecond) }), 500e6).convergence).toBe(
    verdict,
  );
});

describe('recent throughput', () => {
  const sample = (atMonoMs: number, throughputBitsPerSecond: number): Sample => ({
    atMonoMs,
    atEpochMs: 0,
    connections: [],
    subflows: [],
    throughputBitsPerSecond,
  });

  test('is the mean of the samples of that time', () => {
    expect(recentThroughput([sample(0, 900), sample(1000, 100), sample(1500, 200)], 1000)).toBe(150);
  });

  test('is nothing without samples', () => {
    expect(recentThroughput([], 1000)).toBe(0);
  });
});
