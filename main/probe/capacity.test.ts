import { describe, expect, test } from 'vitest';
import { capacityOf, fillingMs, hasSettled, isUnclear, type FlowPoint } from './capacity.ts';

/** Readings every 10 ms until this instant; each path carries what its function says of the milliseconds so far, in bytes. */
function readings(untilMs: number, ...paths: readonly ((atMs: number) => number)[]): FlowPoint[] {
  return Array.from({ length: untilMs / 10 + 1 }, (_, index) => {
    return { atMs: index * 10, bytes: paths.map((bytesAt) => bytesAt(index * 10)) };
  });
}

/** So many Mbit/s from an instant on, after a burst that filled a queue. */
const steady =
  (mbits: number, { burst = 0, sinceMs = 0 } = {}) =>
  (atMs: number): number =>
    atMs < sinceMs ? 0 : burst + ((atMs - sinceMs) * mbits * 1000) / 8;

describe('what a path carries', () => {
  test('is the slope at the end, without the burst and the slow start before', () => {
    const points = readings(500, steady(500, { burst: 2e6 }), steady(50, { sinceMs: 150 }));
    expect([capacityOf(points, 0), capacityOf(points, 1)]).toEqual([500e6, 50e6]);
  });

  test('where it was settled early is that of the last two steps', () => {
    expect(capacityOf(readings(300, steady(5000, { sinceMs: 90 })), 0)).toBe(5e9);
  });

  test('takes the times of the readings as they are, also of late ones', () => {
    const late = readings(500, steady(100)).filter(({ atMs }) => atMs % 70 === 0);
    expect(capacityOf(late, 0)).toBeCloseTo(100e6, 0);
  });

  test('is not known where nothing was acknowledged, or nothing was read', () => {
    expect([
      capacityOf(
        readings(500, () => 0),
        0,
      ),
      capacityOf([], 0),
    ]).toEqual([undefined, undefined]);
  });
});

describe('filling', () => {
  test.each<[string, boolean, FlowPoint[]]>([
    ['ends early once every path carries the same in two steps', true, readings(300, steady(500), steady(50))],
    ['continues before it has lasted three steps', false, readings(290, steady(500))],
    ['continues while one path has not settled', false, readings(300, steady(500), steady(50, { sinceMs: 150 }))],
    ['continues while a path carries nothing', false, readings(300, steady(500), () => 0)],
    ['continues while there is no path to look at', false, readings(300)],
  ])('%s', (_name, settled, points) => {
    expect(hasSettled(points)).toBe(settled);
  });

  test.each([
    [0, 500],
    [10, 600],
    [100, 1000],
  ])('over a round trip of %d ms lasts %d ms', (rttMs, ms) => {
    expect(fillingMs(rttMs)).toBe(ms);
  });
});

test.each<[string, boolean, FlowPoint[]]>([
  ['is not, where all paths are steady', false, readings(500, steady(500), steady(20))],
  ['is, where a path with a subflow carried nothing', true, readings(500, steady(500), () => 0)],
  ['is, where a path came to life in the last step', true, readings(500, steady(500, { sinceMs: 450 }))],
  ['is, where nothing was read', true, []],
])('worth another try it %s', (_name, unclear, points) => {
  expect(isUnclear(points)).toBe(unclear);
});
