import type { ImageLocks } from '#main/likeness/open-image.ts';
import type { FileLock } from './file-lock.ts';

/**
 * block/file-posix.c of QEMU: who uses permission N of an image shares a lock on byte 100+N, and who does not share it with
 * other processes, one on byte 200+N. Permissions are bits of a 64-bit number (BLK_PERM_*).
 */
const usedBase = 100;
const unsharedBase = 200;
const permissions = 64;

const names: readonly string[] = ['consistent reads', 'writing', 'writing unchanged data', 'changing its size'];

/** What excludes QEMU from an image: a byte that must not be locked by another process, and what the lock means there. */
export interface Exclusion {
  readonly byte: number;
  /** What the holder does, as the end of a sentence about a lock: `excludes writing`. */
  readonly means: string;
}

/** For a QEMU that takes these locks: each byte on which a lock of another process would stop it. */
export function exclusionsFor({ bytes }: ImageLocks): readonly Exclusion[] {
  return bytes.flatMap((byte): Exclusion[] => {
    const used = byte - usedBase;
    if (used >= 0 && used < permissions) return [{ byte: unsharedBase + used, means: `excludes ${nameOf(used)}` }];
    const unshared = byte - unsharedBase;
    return unshared >= 0 && unshared < permissions
      ? [{ byte: usedBase + unshared, means: `announces ${nameOf(unshared)}` }]
      : [];
  });
}

/** The first exclusion that this lock brings about. One for writing excludes also from the bytes that QEMU locks itself. */
export function excludedBy(lock: FileLock, locks: ImageLocks): Exclusion | undefined {
  if (lock.file !== locks.file) return undefined;
  const covers = (byte: number): boolean => lock.first <= byte && byte <= lock.last;
  const excluded = exclusionsFor(locks).find(({ byte }) => covers(byte));
  const own = lock.kind === 'write' ? locks.bytes.find(covers) : undefined;
  return excluded ?? (own === undefined ? undefined : { byte: own, means: 'excludes every other lock' });
}

/** Each byte that QEMU's own locks cover. */
export function lockedBytes(locks: readonly FileLock[]): readonly number[] {
  const all = Array.from({ length: permissions }, (_, bit) => [usedBase + bit, unsharedBase + bit]).flat();
  return all.filter((byte) => locks.some(({ first, last }) => first <= byte && byte <= last)).toSorted((a, b) => a - b);
}

function nameOf(bit: number): string {
  return names[bit] ?? `permission ${bit}`;
}
