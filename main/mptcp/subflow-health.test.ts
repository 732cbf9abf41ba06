import { describe, expect, test } from 'vitest';
import type { TcpSocketRow } from '#native/netlink/socket-table.ts';
import { tcpRow } from './socket-rows.ts';
import { firstHealth, longestSilent, nextHealth, stateOf } from './subflow-health.ts';

/** The state after rows seen at some times, as they would follow one another. */
function stateAfter(...seen: readonly (readonly [atMonoMs: number, row: TcpSocketRow])[]): string {
  const [[firstAt, firstRow] = [0, tcpRow()], ...rest] = seen;
  const health = rest.reduce((before, [at, row]) => nextHealth(before, row, at), firstHealth(firstRow, firstAt));
  const [lastAt, lastRow] = seen.at(-1) ?? [firstAt, firstRow];
  return stateOf(health, lastRow, lastAt);
}

const acked = (bytesAcked: number, consecutiveTimeouts = 0): TcpSocketRow =>
  tcpRow({ info: { bytesAcked, consecutiveTimeouts } });

describe('a subflow', () => {
  test('that is acknowledged is active', () => {
    expect(stateAfter([0, acked(10)], [100, acked(20)])).toBe('active');
  });

  test('that waits for an answer but has not timed out is active', () => {
    expect(stateAfter([0, acked(10)], [900, acked(10)])).toBe('active');
  });

  test('is failing once it has timed out and nothing came back for a quarter of a second', () => {
    expect([
      stateAfter([0, acked(10)], [240, acked(10, 1)]),
      stateAfter([0, acked(10)], [100, acked(10)], [250, acked(10, 1)]),
    ]).toEqual(['active', 'failing']);
  });

  test('on a long path is given two round trips', () => {
    const row = tcpRow({ info: { rttUs: 400_000, consecutiveTimeouts: 1 } });
    expect([stateAfter([0, row], [799, row]), stateAfter([0, row], [800, row])]).toEqual(['active', 'failing']);
  });

  test('works again with its first acknowledgement', () => {
    expect(stateAfter([0, acked(10)], [5000, acked(10, 4)], [5100, acked(11)])).toBe('active');
  });

  test('with nothing to send is not failing, however long', () => {
    const idle = tcpRow({ info: { unackedSegments: 0 } });
    const timedOut = tcpRow({ info: { consecutiveTimeouts: 1 } });
    expect(stateAfter([0, idle], [60_000, idle], [60_100, timedOut])).toBe('active');
  });

  test('that the kernel gave up is stale until it is acknowledged', () => {
    const stale = { ...firstHealth(acked(10), 0), stale: true };
    expect([
      stateOf(nextHealth(stale, acked(10, 2), 900), acked(10, 2), 900),
      stateOf(nextHealth(stale, acked(11), 900), acked(11), 900),
    ]).toEqual(['stale', 'active']);
  });

  test.each(['backupLocal', 'backupRemote'] as const)('with the flag %s is a backup', (flag) => {
    const row = tcpRow({ subflow: { flags: new Set([flag]) } });
    expect(stateAfter([0, row])).toBe('backup');
  });
});

test('those that are silent for longest are the stale ones, and none is counted twice', () => {
  const health = (progressAtMonoMs: number, stale = false) => ({ progressAtMonoMs, bytesAcked: 0, stale });
  const failing = new Map([
    ['young', health(300)],
    ['known', health(0, true)],
    ['old', health(100)],
    ['middle', health(200)],
  ]);
  expect([longestSilent(failing, 2), longestSilent(failing, 9), longestSilent(failing, 0)]).toEqual([
    ['old', 'middle'],
    ['old', 'middle', 'young'],
    [],
  ]);
});
