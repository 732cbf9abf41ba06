import { expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import type { PathProbe } from '#contract/probe.ts';
import { withoutDeadPaths } from './usable.ts';

const path = (n: number, probe?: Partial<PathProbe>): Path => ({
  sourceInterface: `eth${n}`,
  sourceAddress: `10.0.${n}.1`,
  destinationInterface: `eth${n}`,
  destinationAddress: `10.0.${n}.2`,
  mtu: 1500,
  ...(probe ? { probe: { atEpochMs: 0, reach: 'answered', joined: true, problems: [], ...probe } } : {}),
});

test.each<[string, Partial<PathProbe> | undefined, string | undefined]>([
  ['that nothing is known of stays', undefined, undefined],
  ['that works stays', {}, undefined],
  ['that answers and did not join stays: the next connection may', { joined: false }, undefined],
  ['on which nothing answers is left out', { reach: 'unanswered' }, 'probed-no-answer'],
  ['that is refused is left out', { reach: 'refused' }, 'probed-no-answer'],
  ['that leads to another host is left out', { reach: 'stranger' }, 'probed-stranger'],
  ['that loses full-size packets is left out', { fullSizePackets: 'lost' }, 'probed-full-size-lost'],
  ['that removes the option is left out', { protocol: 'tcp' }, 'probed-no-mptcp'],
  ['that drops packets with the option is left out', { protocol: 'dropped' }, 'probed-no-mptcp'],
  ['of which the result is stale stays', { reach: 'unanswered', stale: 'old' }, undefined],
])('a path %s', (_name, probe, reason) => {
  const { paths, leftOut } = withoutDeadPaths([path(1, probe), path(2)], true);
  expect([paths.map(({ sourceInterface }) => sourceInterface), leftOut[0]?.reason]).toEqual([
    reason === undefined ? ['eth1', 'eth2'] : ['eth2'],
    reason,
  ]);
});

test('where no path got anything through, all of them stay', () => {
  const dead = [path(1, { reach: 'unanswered' }), path(2, { reach: 'refused' })];
  expect(withoutDeadPaths(dead, true)).toEqual({ paths: dead, leftOut: [] });
});

test('where TCP is wanted a path that removes the option stays', () => {
  const paths = [path(1, { protocol: 'tcp' }), path(2)];
  expect(withoutDeadPaths(paths, false)).toEqual({ paths, leftOut: [] });
});

test('what is left out has the sentence of the probe', () => {
  const problems = [{ text: 'A firewall drops TCP port 4444.' }];
  expect(withoutDeadPaths([path(1, { reach: 'unanswered', problems }), path(2)], true).leftOut).toEqual([
    {
      sourceInterface: 'eth1',
      sourceAddress: '10.0.1.1',
      destinationInterface: 'eth1',
      destinationAddress: '10.0.1.2',
      reason: 'probed-no-answer',
      text: 'A firewall drops TCP port 4444.',
    },
  ]);
});
