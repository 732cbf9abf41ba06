import { assert, constantFrom, double, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { epochMsSchema } from './clock-time.ts';
import { isoTime } from './iso-time.ts';

test('a time of a clock is written as ISO 8601 in UTC', () => {
  expect([isoTime(0), isoTime(1_795_000_000_250), isoTime(253_402_300_799_999)]).toEqual([
    '1970-01-01T00:00:00.000Z',
    '2026-11-18T11:06:40.250Z',
    '9999-12-31T23:59:59.999Z',
  ]);
});

test('no number makes the writing of a time fail', () => {
  const numbers = oneof(double(), constantFrom(9e18, -1, 8.64e15 + 1, NaN, Infinity, 253_402_300_800_000));
  assert(
    property(numbers, (epochMs) => {
      expect(isoTime(epochMs)).toMatch(/^(?:\d{4}-.*Z|no time \(.*\))$/);
    }),
  );
});

test.each([-1, 9e18, 253_402_300_800_000, Number.NaN])('%d is no time of a clock', (epochMs) => {
  expect(epochMsSchema.safeParse(epochMs).success).toBe(false);
});
