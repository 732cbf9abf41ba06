import { expect, test } from 'vitest';
import { downtimeOf, formatDowntime } from './downtime.ts';

test.each([
  [{ guestDowntimeMs: 236, downtimeMs: 38 }, 236, '236 ms (QEMU: 38 ms)'],
  [{ guestDowntimeMs: 236 }, 236, '236 ms'],
  [{ downtimeMs: 38 }, 38, '38 ms (by QEMU)'],
  [{}, undefined, undefined],
])('of %j the guest comes first, and a figure of QEMU alone is marked as such', (totals, expected, text) => {
  expect([downtimeOf(totals), formatDowntime(totals)]).toEqual([expected, text]);
});
