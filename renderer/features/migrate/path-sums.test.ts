import { expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import { sumInWords } from './path-sums.ts';

function path(speedBitsPerSecond?: number): Path {
  return {
    sourceInterface: 'eth0',
    sourceAddress: '10.0.0.1',
    destinationInterface: 'eth0',
    destinationAddress: '10.0.0.2',
    mtu: 1500,
    ...(speedBitsPerSecond === undefined ? {} : { speedBitsPerSecond }),
  };
}

test('the sum of what is known, and none where one speed is not', () => {
  expect([
    sumInWords([path(10e9), path(10e9), path(2.5e9)]),
    sumInWords([path(1e9)]),
    sumInWords([path(1e9), path()]),
  ]).toEqual(['3 paths · 22.5 Gbit/s', '1 path · 1 Gbit/s', '2 paths']);
});
