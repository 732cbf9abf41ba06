import { expect, test } from 'vitest';
import type { MigrationRecord } from '#contract/migration.ts';
import { record } from '#renderer/testing/migrations.ts';
import { pathTotals, savedByMultipath } from './result.ts';

type Subflow = MigrationRecord['subflows'][number];

function subflow(link: number, bytesSent: number, shareFraction: number): Subflow {
  return {
    id: `aa/${link}`,
    interface: `eth${link}`,
    localAddress: `10.0.${link}.1`,
    remoteAddress: `10.0.${link}.2`,
    bytesSent,
    bytesRetransmitted: 0,
    shareFraction,
    retransmits: 1,
    rttUs: 100,
  };
}

const arrived = record({
  outcome: 'done-on-destination',
  transport: { requested: 'prefer', negotiated: 'mptcp', fallback: false },
  subflows: [subflow(1, 60, 0.6), subflow(2, 40, 0.4)],
  totals: {
    durationMs: 13_000,
    setupTimeMs: 500,
    totalTimeMs: 12_500,
    transferredBytes: 100,
    goodputBitsPerSecond: 1,
    iterations: 2,
    retransmits: 2,
  },
});

test('a subflow that was joined again counts to its path', () => {
  const rejoined = record({
    subflows: [subflow(1, 50, 0.5), subflow(2, 30, 0.3), { ...subflow(1, 20, 0.2), id: 'aa/9' }],
  });
  expect(
    pathTotals(rejoined).map(({ name, pathIndex, bytesSent, shareFraction }) => [
      name,
      pathIndex,
      bytesSent,
      shareFraction,
    ]),
  ).toEqual([
    ['eth1', 0, 70, 0.7],
    ['eth2', 1, 30, 0.3],
  ]);
});

test('what the strongest path would have taken alone, less what it took', () => {
  expect(savedByMultipath(arrived)).toBe(12_000 / 0.6 - 12_000);
});

test.each<[string, Partial<MigrationRecord>]>([
  ['it did not arrive', { outcome: 'safe-on-source' }],
  ['it was TCP', { transport: { requested: 'prefer', negotiated: 'tcp', fallback: true } }],
  ['one path carried everything', { subflows: [subflow(1, 100, 1)] }],
  [
    'QEMU gave no time',
    { totals: { durationMs: 1, transferredBytes: 1, goodputBitsPerSecond: 1, iterations: 1, retransmits: 0 } },
  ],
])('nothing is claimed when %s', (_why, changes) => {
  expect(savedByMultipath({ ...arrived, ...changes })).toBeUndefined();
});
