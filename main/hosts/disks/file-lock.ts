/** A lock on a range of bytes of a file, as /proc/locks and /proc/PID/fdinfo list it (proc_locks(5)). */
export interface FileLock {
  /** `MAJOR:MINOR:INODE`, which need not be what stat(2) answers (btrfs, overlayfs). */
  readonly file: string;
  readonly kind: 'read' | 'write';
  readonly first: number;
  /** Inclusive; `Infinity` to the end of the file. */
  readonly last: number;
}

const line =
  /^(?:lock:\s*)?\d+: (?:OFDLCK|POSIX)\s+\w+\s+(READ|WRITE)\s+-?\d+ ([\da-f]+:[\da-f]+:\d+) (\d+) (\d+|EOF)$/gm;

/** The locks that are held; those that are waited for, leases, and locks of flock(2), which exclude none of these, are left out. */
export function parseFileLocks(text: string): readonly FileLock[] {
  return Array.from(text.matchAll(line), ([, kind, file = '', first, last]) => ({
    file,
    kind: kind === 'WRITE' ? 'write' : 'read',
    first: Number(first),
    last: last === 'EOF' ? Number.POSITIVE_INFINITY : Number(last),
  }));
}

/** One lock for each in `all` that is not accounted for in `some`: equal ones count each for itself. */
export function without(all: readonly FileLock[], some: readonly FileLock[]): readonly FileLock[] {
  const left = new Map<string, number>();
  for (const lock of some) left.set(keyOf(lock), (left.get(keyOf(lock)) ?? 0) + 1);
  return all.filter((lock) => {
    const count = left.get(keyOf(lock)) ?? 0;
    left.set(keyOf(lock), count - 1);
    return count <= 0;
  });
}

export function isSameLock(one: FileLock, other: FileLock): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf({ file, kind, first, last }: FileLock): string {
  return `${file} ${kind} ${first} ${last}`;
}
