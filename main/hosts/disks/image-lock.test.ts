import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileLock } from './file-lock.ts';
import { excludedBy, exclusionsFor, lockedBytes } from './image-lock.ts';

/** As QEMU 7.2 locks an image for the one guest that writes it: it reads, writes, and shares writing with no process. */
const writer = { file: 'fe:00:7', bytes: [100, 101, 201] };
/** As it locks an image that is only read. */
const reader = { file: 'fe:00:7', bytes: [100, 201] };
const shared = { file: 'fe:00:7', bytes: [100, 101] };

const held = (byte: number, kind: FileLock['kind'] = 'read'): FileLock => ({
  file: 'fe:00:7',
  kind,
  first: byte,
  last: byte,
});

test('who uses a permission is excluded by those who do not share it, and the other way round', () => {
  expect(exclusionsFor(writer)).toEqual([
    { byte: 200, means: 'excludes consistent reads' },
    { byte: 201, means: 'excludes writing' },
    { byte: 101, means: 'announces writing' },
  ]);
});

test('a permission of a later QEMU has a number', () => {
  expect(exclusionsFor({ file: '', bytes: [105, 99, 264] })).toEqual([{ byte: 205, means: 'excludes permission 5' }]);
});

describe('of the locks of another process', () => {
  test.each([
    ['a reader beside a reader', reader, held(100), undefined],
    ['a reader that lets nobody write, beside a reader', reader, held(201), undefined],
    ['a reader that lets nobody write, beside a writer', writer, held(201), 'excludes writing'],
    ['a writer beside a reader', reader, held(101), 'announces writing'],
    ['a writer beside one that shares writing', shared, held(101), undefined],
    ['a lock on another file', writer, { ...held(201), file: 'fe:00:8' }, undefined],
    [
      'a lock on the whole file',
      writer,
      { ...held(0, 'write'), last: Number.POSITIVE_INFINITY },
      'excludes consistent reads',
    ],
    ['a lock for writing on a byte that QEMU locks', shared, held(101, 'write'), 'excludes every other lock'],
    ['a lock for writing elsewhere', shared, held(150, 'write'), undefined],
  ])('%s', (_what, locks, lock, means) => {
    expect(excludedBy(lock, locks)?.means).toBe(means);
  });

  test('those of a QEMU with the same use exclude exactly where it does not share what it uses', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(3)), fc.uniqueArray(fc.nat(3)), (used, unshared) => {
        const bytes = [...used.map((bit) => 100 + bit), ...unshared.map((bit) => 200 + bit)];
        const excluded = bytes.some((byte) => excludedBy(held(byte), { file: 'fe:00:7', bytes }));
        expect(excluded).toBe(used.some((bit) => unshared.includes(bit)));
      }),
    );
  });
});

test('a range of locked bytes is each of them', () => {
  expect(lockedBytes([{ ...held(100), last: 101 }, held(201), held(7)])).toEqual([100, 101, 201]);
});
