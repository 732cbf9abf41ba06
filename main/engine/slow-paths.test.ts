import { describe, expect, test } from 'vitest';
import type { Path } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { SlowPaths } from './slow-paths.ts';

const path = (index: number): Path => ({
  sourceInterface: `eth${index}`,
  sourceAddress: `10.0.${index}.1`,
  destinationInterface: `eth${index}`,
  destinationAddress: `10.0.${index}.2`,
  mtu: 1500,
});
const paths = [path(1), path(2)];

interface Flow {
  readonly megabits: number;
  readonly rttMs: number;
  readonly state?: SubflowSample['state'];
}

function subflow(index: number, { megabits, rttMs, state = 'active' }: Flow, atMs: number): SubflowSample {
  return {
    id: `token/${index}`,
    interface: `eth${index}`,
    localAddress: `10.0.${index}.1`,
    localPort: 1,
    remoteAddress: `10.0.${index}.2`,
    remotePort: 2,
    state,
    bytesSent: (megabits * 1e6 * atMs) / 8000,
    bytesRetransmitted: 0,
    throughputBitsPerSecond: megabits * 1e6,
    shareFraction: 0.5,
    rttUs: rttMs * 1000,
    rttVarianceUs: 1,
    congestionWindowBytes: 1,
    retransmits: 0,
    unsentBytes: 0,
  };
}

/** What is found while both paths are like this, ten times a second for so long. */
function found(one: Flow, other: Flow | ((sample: number) => Flow), forMs = 3000): string[] {
  const slow = new SlowPaths();
  return Array.from({ length: forMs / 100 + 1 }, (_, index) => {
    const atMonoMs = index * 100;
    const second = typeof other === 'function' ? other(index) : other;
    const subflows = [subflow(1, one, atMonoMs), subflow(2, second, atMonoMs)];
    const sample: Sample = { atMonoMs, atEpochMs: 0, connections: [], subflows, throughputBitsPerSecond: 0 };
    return slow.saw(sample, paths);
  }).flatMap((each) => each.map(({ sourceInterface }) => sourceInterface));
}

const fast = { megabits: 480, rttMs: 5 };

describe('a path that brings next to nothing', () => {
  test('and in whose queue data waits is found after three seconds, and not before', () => {
    const slow = { megabits: 5, rttMs: 60 };
    expect([found(fast, slow, 2900), found(fast, slow), found(slow, fast)]).toEqual([[], ['eth2'], ['eth1']]);
  });

  test('is found although some samples catch its queue empty', () => {
    expect(found(fast, (sample) => ({ megabits: 5, rttMs: sample % 6 === 0 ? 6 : 60 }))).toEqual(['eth2']);
  });

  test.each<[string, Flow]>([
    ['brings a tenth', { megabits: 48, rttMs: 60 }],
    ['answers as fast as the other, because the migration is limited', { megabits: 5, rttMs: 6 }],
    ['carries nothing at all', { megabits: 0, rttMs: 60 }],
    ['is a backup already', { megabits: 5, rttMs: 60, state: 'backup' }],
    ['is lost', { megabits: 5, rttMs: 60, state: 'stale' }],
  ])('is left as it is where it %s', (_, other) => {
    expect(found(fast, other)).toEqual([]);
  });

  test('is left as it is where it was not in use all the time', () => {
    expect(found(fast, (sample) => ({ megabits: 5, rttMs: 60, state: sample < 10 ? 'stale' : 'active' }))).toEqual([]);
  });
});
