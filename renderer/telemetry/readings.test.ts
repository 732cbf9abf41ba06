import { expect, test } from 'vitest';
import { qemu, sample, subflow } from '#renderer/testing/samples.ts';
import { readingsAt, type Readings } from './readings.ts';
import { RunBuffer } from './run-buffer.ts';

function lastReadings(...samples: Parameters<typeof sample>[]): Readings {
  const buffer = new RunBuffer();
  for (const one of samples) buffer.push(sample(...one));
  return readingsAt(buffer.recent, buffer.recent.length - 1, buffer.bands);
}

test('rates are means of the last second', () => {
  const readings = lastReadings(
    [0, { throughputBitsPerSecond: 9e9 }],
    [1_000, { throughputBitsPerSecond: 100 }],
    [1_500, { throughputBitsPerSecond: 200 }],
    [2_000, { throughputBitsPerSecond: 600 }],
  );
  expect(readings.throughputBitsPerSecond).toBe(400);
});

test('shares are of what the subflows carry together', () => {
  const subflows = [subflow(1, { throughputBitsPerSecond: 300 }), subflow(2, { throughputBitsPerSecond: 100 })];
  expect(lastReadings([0, { subflows }]).bands.map(({ name, shareFraction }) => [name, shareFraction])).toEqual([
    ['eth1', 0.75],
    ['eth2', 0.25],
  ]);
});

test('the end is promised from what is sent beyond what is dirtied', () => {
  const statistics = qemu({ remainingBytes: 100e6, totalBytes: 400e6, dirtyPagesPerSecond: 12_207.03125 });
  const { progress } = lastReadings([0, { throughputBitsPerSecond: 800e6, qemu: statistics }]);
  expect(progress).toMatchObject({ fraction: 0.75, etaMs: 2_000, convergence: 'converging' });
});

test('before QEMU has figures nothing is promised', () => {
  expect(lastReadings([0]).progress).toBeUndefined();
});

test('a path that had not appeared yet has no row', () => {
  const buffer = new RunBuffer();
  buffer.push(sample(0, { subflows: [subflow(1)] }));
  buffer.push(sample(100));
  expect([0, 1].map((row) => readingsAt(buffer.recent, row, buffer.bands).bands.length)).toEqual([1, 2]);
});
