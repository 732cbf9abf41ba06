import { expect, test } from 'vitest';
import type { Sample } from '#contract/telemetry.ts';
import { lastKnown, reconciliation, subflowTotals } from './subflows.ts';
import { sampleAt, subflowAt } from './testing/example-migration.ts';

const totalsOf = (...samples: Sample[]): ReturnType<typeof subflowTotals> => subflowTotals(samples, lastKnown(samples));

test('totals are the last, shares are of the whole run, the round trip is the median', () => {
  expect(totalsOf(sampleAt(0, 0), sampleAt(1, 400), sampleAt(2, 1000))).toEqual([
    {
      id: 'd27c32f1/1',
      interface: 'eth1',
      localAddress: '10.0.1.1',
      remoteAddress: '10.0.1.2',
      bytesSent: 600,
      bytesRetransmitted: 0,
      shareFraction: 0.6,
      retransmits: 3,
      rttUs: 3000,
    },
    {
      id: 'd27c32f1/2',
      interface: 'eth2',
      localAddress: '10.0.2.1',
      remoteAddress: '10.0.2.2',
      bytesSent: 400,
      bytesRetransmitted: 0,
      shareFraction: 0.4,
      retransmits: 1,
      rttUs: 2800,
    },
  ]);
});

test('a subflow that vanished in the middle keeps its part', () => {
  const onlySecond = { subflows: [subflowAt(2, { bytesSent: 900 })] };
  const shares = totalsOf(sampleAt(0, 0), sampleAt(1, 500), sampleAt(2, 1200, onlySecond));
  expect(shares.map(({ id, bytesSent, shareFraction }) => [id, bytesSent, shareFraction])).toEqual([
    ['d27c32f1/1', 300, 0.25],
    ['d27c32f1/2', 900, 0.75],
  ]);
});

test('nothing sent is a share of 0, not of NaN', () => {
  expect(totalsOf(sampleAt(0, 0)).map(({ shareFraction }) => shareFraction)).toEqual([0, 0]);
});

test('a closed subflow does not weigh in on the round trip', () => {
  const at = (rttUs: number, state: 'active' | 'closed'): Sample =>
    sampleAt(0, 0, { subflows: [subflowAt(1, { rttUs, state })] });
  expect(totalsOf(at(100, 'active'), at(0, 'active'), at(9000, 'closed'), at(9000, 'closed'))[0]?.rttUs).toBe(100);
});

function counted(subflowBytes: number, connectionBytes: number, reinjectedBytes: number, qemuBytes: number): unknown {
  const sample = sampleAt(0, 0, {
    subflows: [subflowAt(1, { bytesSent: subflowBytes })],
    connections: [
      {
        id: 'd27c32f1',
        protocol: 'mptcp',
        fallback: false,
        bytesSent: connectionBytes,
        bytesReinjected: reinjectedBytes,
      },
    ],
  });
  return reconciliation(lastKnown([sample]), qemuBytes);
}

test('three equal counts differ by nothing', () => {
  expect(counted(1000, 1000, 0, 1000)).toEqual({
    subflowBytes: 1000,
    connectionBytes: 1000,
    reinjectedBytes: 0,
    qemuBytes: 1000,
    differenceFraction: 0,
  });
});

test.for([
  ['what was reinjected explains the surplus of the subflows', 1100, 1000, 100, 0],
  ['only as far as it goes', 1100, 1000, 60, 0.04],
  ['reinjected data that the lost subflow never acknowledged makes no surplus', 1000, 1000, 100, 0],
  ['a count below the others is a difference', 950, 1000, 0, 0.05],
] as const)('%s', ([, subflowBytes, connectionBytes, reinjectedBytes, differenceFraction]) => {
  expect(counted(subflowBytes, connectionBytes, reinjectedBytes, 1000)).toMatchObject({ differenceFraction });
});

test('without one of the three there is nothing to reconcile', () => {
  expect([reconciliation(lastKnown([]), 1000), counted(1000, 1000, 0, 0)]).toEqual([undefined, undefined]);
});
