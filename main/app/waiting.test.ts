import { describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import { pickWaiting } from './waiting.ts';

function guest(name: string, pid: number, waiting = true): Guest {
  const uuid = `00000000-0000-0000-0000-00000000000${pid}`;
  return { name, hostId: 'rack2', identity: { uuid, pid, startTimeTicks: 1, bootId: 'b' }, argv: [], waiting };
}

describe('a waiting QEMU', () => {
  const guests = [guest('web01', 1), guest('db01', 2), guest('mail', 3, false)];

  test.each([
    ['its name', 'web01', 1],
    ['its uuid', '00000000-0000-0000-0000-000000000002', 2],
    ['its process', '2', 2],
  ])('is found by %s', (_what, name, pid) => {
    expect(pickWaiting(guests, name, 'rack2').identity.pid).toBe(pid);
  });

  test.each([
    ['that is not there', 'web02', /No QEMU called web02 waits on rack2/],
    ['that does not wait', 'mail', /mail on rack2 does not wait/],
  ])('%s is refused', (_what, name, words) => {
    expect(() => pickWaiting(guests, name, 'rack2')).toThrow(words);
  });

  test('of a name that two have is asked for by its process', () => {
    expect(() => pickWaiting([guest('web01', 1), guest('web01', 2)], 'web01', 'rack2')).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ remedy: 'Name one by its process: 1, 2.' }) }),
    );
  });
});
