import { describe, expect, test } from 'vitest';
import type { FileLock } from './file-lock.ts';
import { foreignLocks, type ForeignLock, type WantedLocks } from './held-locks.ts';
import { exclusionsFor } from './image-lock.ts';
import type { LockTable } from './lock-table.ts';

const file = 'fe:00:7';
/** As QEMU 7.2 locks an image for the one guest that writes it. */
const locks = { file, bytes: [100, 101, 201] };
const wanted: WantedLocks = { locks, excluded: [] };
const used: FileLock = { file, kind: 'read', first: 100, last: 101 };
const unshared: FileLock = { file, kind: 'read', first: 201, last: 201 };
const [source, twin, other] = [1, 2, 3];

/** Who holds what; the list of all locks may show more, and each look at a process is counted. */
function tableOf(
  held: Readonly<Record<number, readonly FileLock[]>>,
  changes: Partial<LockTable> = {},
): LockTable & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    all: () => Object.values(held).flat(),
    of: (pid) => {
      asked.push(pid);
      return held[pid] ?? [];
    },
    processes: () => Object.keys(held).map(Number),
    ...changes,
  };
}

function foreign(table: LockTable, ...images: readonly WantedLocks[]): readonly ForeignLock[] {
  return foreignLocks(images, [source, twin], table);
}

const byOther: ForeignLock = { byte: 201, means: 'excludes writing', file, holder: other };

describe('the locks that keep a QEMU from its images', () => {
  test('are none of its own migration, and no other process is asked', () => {
    const table = tableOf({ [source]: [used, unshared], [twin]: [], [other]: [] });
    expect([foreign(table, wanted), new Set(table.asked)]).toEqual([[], new Set([source, twin])]);
  });

  test('are looked for nowhere where it locks no image', () => {
    const table = tableOf({ [source]: [used], [other]: [unshared] });
    expect([foreign(table), table.asked]).toEqual([[], []]);
  });

  test('are those of another process, by its number', () => {
    expect(foreign(tableOf({ [source]: [used], [other]: [unshared] }), wanted)).toEqual([byOther]);
  });

  test('are those of another process although the source holds an equal one', () => {
    expect(foreign(tableOf({ [source]: [used, unshared], [other]: [unshared] }), wanted)).toEqual([byOther]);
  });

  test('are not those that share what it uses', () => {
    expect(foreign(tableOf({ [source]: [used], [other]: [{ ...used, last: 100 }] }), wanted)).toEqual([]);
  });

  test.each([
    ['takes after they were read', [[], [unshared]]],
    ['gives back after the list was', [[unshared], []]],
  ])('are none that the source %s', (_what, looks) => {
    const left = [...looks];
    const of: LockTable['of'] = (pid) => (pid === source ? (left.shift() ?? []) : []);
    expect(foreign(tableOf({}, { of, all: () => [unshared] }), wanted)).toEqual([]);
  });

  test('are held by no process that is shown where none of them has such a lock', () => {
    const table = tableOf({ [source]: [used], [other]: [] }, { all: () => [used, unshared] });
    expect(foreign(table, wanted)).toEqual([{ ...byOther, holder: undefined }]);
  });

  test('are one for each image', () => {
    const second = { ...wanted, locks: { ...locks, file: 'fe:00:8' } };
    const table = tableOf({ [source]: [used], [other]: [unshared, { ...unshared, file: 'fe:00:8' }, used] });
    expect(foreign(table, wanted, second)).toEqual([byOther, { ...byOther, file: 'fe:00:8' }]);
  });
});

describe('a byte that the kernel reports as locked', () => {
  const excluded = exclusionsFor(locks).filter(({ byte }) => byte === 201);

  test('and that no lock of this host covers is locked on another host', () => {
    expect(foreign(tableOf({ [source]: [used] }), { locks, excluded })).toEqual([{ ...byOther, holder: undefined }]);
  });

  test.each([
    ['the own source', [used, unshared]],
    ['a lock over a range', [used, { ...unshared, first: 200, last: 210 }]],
    ['a lock on the whole file', [{ ...used, first: 0, last: Number.POSITIVE_INFINITY }]],
  ])('is locked here where %s covers it', (_what, own) => {
    expect(foreign(tableOf({ [source]: own }), { locks, excluded })).toEqual([]);
  });

  test.each([
    ['before', { ...unshared, first: 190, last: 200 }],
    ['behind', { ...unshared, first: 202, last: 203 }],
  ])('is not covered by a lock %s it', (_where, beside) => {
    expect(foreign(tableOf({ [source]: [beside] }), { locks, excluded })).toEqual([{ ...byOther, holder: undefined }]);
  });
});
