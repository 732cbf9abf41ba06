import { expect, test } from 'vitest';
import { isSameLock, parseFileLocks, without, type FileLock } from './file-lock.ts';

const reading: FileLock = { file: 'fe:00:2155571', kind: 'read', first: 100, last: 101 };

test('reads the list of all locks', () => {
  const text = [
    '1: OFDLCK ADVISORY  READ -1 fe:00:2155571 100 101',
    '2: POSIX  ADVISORY  WRITE 1034 00:1a:77 0 EOF',
    '2: -> POSIX  ADVISORY  WRITE 1035 00:1a:77 0 EOF',
    '3: FLOCK  ADVISORY  WRITE 1034 fe:00:5 0 EOF',
    '4: LEASE  ACTIVE    READ 1034 fe:00:6 0 EOF',
    '',
  ].join('\n');
  expect(parseFileLocks(text)).toEqual([
    reading,
    { file: '00:1a:77', kind: 'write', first: 0, last: Number.POSITIVE_INFINITY },
  ]);
});

test('reads the locks of one descriptor', () => {
  const text =
    'pos:\t0\nflags:\t02100002\nmnt_id:\t31\nino:\t2155571\nlock:\t1: OFDLCK ADVISORY  READ -1 fe:00:2155571 100 101\n';
  expect(parseFileLocks(text)).toEqual([reading]);
});

test('of equal locks each counts for itself', () => {
  const others = { ...reading, first: 201, last: 201 };
  expect(without([reading, reading, others], [reading])).toEqual([reading, others]);
  expect(without([reading], [reading, reading])).toEqual([]);
});

test.each<[string, Partial<FileLock>]>([
  ['file', { file: 'fe:00:1' }],
  ['kind', { kind: 'write' }],
  ['beginning', { first: 99 }],
  ['end', { last: 102 }],
])('locks that differ in their %s are two', (_what, other) => {
  expect([isSameLock(reading, { ...reading }), isSameLock(reading, { ...reading, ...other })]).toEqual([true, false]);
});
