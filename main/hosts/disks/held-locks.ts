import type { ImageLocks } from '#main/likeness/open-image.ts';
import { isSameLock, without, type FileLock } from './file-lock.ts';
import { excludedBy, type Exclusion } from './image-lock.ts';
import type { LockTable } from './lock-table.ts';

/** A lock of another process that excludes a QEMU from an image. */
export interface ForeignLock extends Exclusion {
  readonly file: string;
  /** `undefined` where no process that this host shows has it open. */
  readonly holder: number | undefined;
}

/** The locks that a QEMU takes on an image, and those that the kernel reports in their way, whoever holds them. */
export interface WantedLocks {
  readonly locks: ImageLocks;
  readonly excluded: readonly Exclusion[];
}

/**
 * Locks of other processes than `own` that would exclude a QEMU from its images, one for each image. The kernel's list of
 * all locks names no holder of QEMU's kind of lock (open file descriptions): what the own processes hold is taken off it, and
 * only where something is left, every process is asked. What is not in the list at all is held on another host.
 */
export function foreignLocks(
  wanted: readonly WantedLocks[],
  own: readonly number[],
  table: LockTable,
): readonly ForeignLock[] {
  if (wanted.length === 0) return [];
  // Locks come and go meanwhile: what an own process has held before or after the list was read is its own.
  const before = own.map((pid) => ({ pid, locks: table.of(pid) }));
  const all = table.all();
  const foreign = without(
    all,
    before.flatMap(({ pid, locks }) => union(locks, table.of(pid))),
  );
  const found = wanted.flatMap(
    ({ locks, excluded }) => excludingLock(locks, foreign) ?? unlisted(locks, excluded, all),
  );
  if (!found.some(({ lock }) => lock))
    return found.map(({ file, exclusion }) => ({ ...exclusion, file, holder: undefined }));
  const others = table.processes().filter((pid) => !own.includes(pid));
  const held = others.flatMap((pid) => table.of(pid).map((lock) => ({ pid, lock })));
  return found.map(({ file, exclusion, lock }) => ({
    ...exclusion,
    file,
    holder: lock && held.find((each) => isSameLock(each.lock, lock))?.pid,
  }));
}

interface Found {
  readonly file: string;
  readonly exclusion: Exclusion;
  readonly lock?: FileLock;
}

function excludingLock(locks: ImageLocks, foreign: readonly FileLock[]): Found | undefined {
  for (const lock of foreign) {
    const exclusion = excludedBy(lock, locks);
    if (exclusion) return { file: locks.file, exclusion, lock };
  }
  return undefined;
}

function unlisted({ file }: ImageLocks, excluded: readonly Exclusion[], all: readonly FileLock[]): readonly Found[] {
  const listed = all.filter((lock) => lock.file === file);
  const exclusion = excluded.find(({ byte }) => !listed.some(({ first, last }) => first <= byte && byte <= last));
  return exclusion ? [{ file, exclusion }] : [];
}

/** As often as in the one in which it is more often. */
function union(some: readonly FileLock[], others: readonly FileLock[]): readonly FileLock[] {
  return [...some, ...without(others, some)];
}
