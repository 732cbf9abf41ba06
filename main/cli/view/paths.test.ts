import { expect, test } from 'vitest';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import { pathLines } from './paths.ts';

const path: Path = {
  sourceInterface: 'eth1',
  sourceAddress: '10.0.1.1',
  destinationInterface: 'eth1',
  destinationAddress: '10.0.1.2',
  speedBitsPerSecond: 1e9,
  mtu: 9000,
};
const crossed: Path = {
  sourceInterface: 'eth2',
  sourceAddress: '10.0.2.1',
  destinationInterface: 'ens4',
  destinationAddress: '10.0.2.2',
  mtu: 1500,
};
const leftOut: LeftOutPair[] = [
  { sourceInterface: 'docker0', reason: 'bridge-without-port', text: 'docker0 of alpha leads nowhere.' },
  { destinationInterface: 'wg0', reason: 'tunnel', text: 'wg0 of beta is a tunnel.' },
];

test('every path has its ends, speed and MTU, and every pair that is not used its reason', () => {
  expect(pathLines([path, crossed], leftOut).join('\n').split('\n')).toEqual([
    'PATH       FROM      TO        SPEED     MTU',
    'eth1       10.0.1.1  10.0.1.2  1 Gbit/s  9000',
    'eth2/ens4  10.0.2.1  10.0.2.2  unknown   1500',
    '',
    'NOT USED         REASON',
    'docker0          bridge-without-port  docker0 of alpha leads nowhere.',
    'destination:wg0  tunnel               wg0 of beta is a tunnel.',
    '',
  ]);
});

test('what was measured of a path stands beside it, and a stale result does not', () => {
  const probe: PathProbe = { atEpochMs: 0, reach: 'answered', joined: true, rttMs: 0.214, problems: [] };
  const measured: Path = { ...path, probe: { ...probe, capacityBitsPerSecond: 951e6 } };
  const bound: Path = { ...path, probe: { ...probe, rttMs: 40.4, capacityBitsPerSecond: 5e9, capacityIsLeast: true } };
  const stale: Path = { ...path, probe: { ...probe, capacityBitsPerSecond: 951e6, stale: 'old' } };
  expect(pathLines([measured, bound, stale]).join('\n').split('\n').slice(0, 4)).toEqual([
    'PATH  FROM      TO        SPEED     MTU   CARRIES      RTT',
    'eth1  10.0.1.1  10.0.1.2  1 Gbit/s  9000  951 Mbit/s   0.21 ms',
    'eth1  10.0.1.1  10.0.1.2  1 Gbit/s  9000  >= 5 Gbit/s  40 ms',
    'eth1  10.0.1.1  10.0.1.2  1 Gbit/s  9000  unknown      unknown',
  ]);
});

test('where there is nothing, nothing is shown', () => {
  expect(pathLines([])).toEqual([]);
});
