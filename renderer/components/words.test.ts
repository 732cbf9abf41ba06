import { expect, test } from 'vitest';
import { aboutDuration, clockOf, counted, phaseInWords, transportInWords } from './words.ts';

test('a running time is in whole seconds, and never negative', () => {
  expect([-5, 0, 41_900, 723_000, 3_723_000].map((ms) => clockOf(ms))).toEqual([
    '0:00',
    '0:00',
    '0:41',
    '12:03',
    '1:02:03',
  ]);
});

test('a promise is as exact as it can be kept', () => {
  expect([64.4, 4_812, 28_499, 84_000].map((ms) => aboutDuration(ms))).toEqual([
    'about 64 ms',
    'about 4.8 s',
    'about 28 s',
    'about 1:24 min',
  ]);
});

test('one and many', () => {
  expect([counted(1, 'path'), counted(3, 'path')]).toEqual(['1 path', '3 paths']);
});

test('a phase of a newer main is shown as it comes', () => {
  expect([phaseInWords('switching over'), phaseInWords('warping space')]).toEqual(['Switching over', 'Warping space']);
});

test('what the connection is, not what was wished for', () => {
  const transport = { requested: 'prefer', fallback: false } as const;
  expect([
    transportInWords(transport, '2 subflows'),
    transportInWords({ ...transport, negotiated: 'mptcp' }, '2 subflows'),
    transportInWords({ ...transport, negotiated: 'tcp' }, '1 subflow'),
    transportInWords({ ...transport, negotiated: 'tcp', fallback: true }, '1 subflow'),
  ]).toEqual(['Not connected yet', 'MPTCP · 2 subflows', 'TCP', 'Fell back to plain TCP']);
});
