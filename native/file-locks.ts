import { AT_EACCESS, AT_FDCWD, F_OFD_GETLK, F_OFD_SETLK, F_RDLCK, F_UNLCK, F_WRLCK } from './constants.ts';
import type { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';

/** struct flock of a 64-bit Linux: fcntl(2). */
export const fileLockLayout = { bytes: 32, type: 0, whence: 2, start: 8, length: 16, pid: 24 } as const;

/**
 * Whether any process but this one has a lock on that byte of the file, also one on another host of a network file system:
 * whether this descriptor could not lock it for writing. Takes no lock.
 */
export function isLocked(fd: Fd | number, byte: number): boolean {
  const lock = encodeLock(F_WRLCK, byte);
  const result = libc().fcntlLock(numberOf(fd), F_OFD_GETLK, lock);
  if (result < 0) throw new NativeError('fcntl', -result, `ask who locks byte ${byte} of a file`);
  return lock.readInt16LE(fileLockLayout.type) !== F_UNLCK;
}

/** Shares the lock on one byte, until the descriptor is closed. EAGAIN where another process has it for itself. */
export function lockShared(fd: Fd | number, byte: number): void {
  const result = libc().fcntlLock(numberOf(fd), F_OFD_SETLK, encodeLock(F_RDLCK, byte));
  if (result < 0) throw new NativeError('fcntl', -result, `lock byte ${byte} of a file`);
}

/**
 * Whether this thread may read a file, and write it too: asked for the user that it opens files as (`asFileUser`), without
 * opening it. For devices, which may act when they are opened or closed. EROFS counts as no. Linux 5.8; faccessat2(2).
 */
export function mayAccess(path: string, forWriting: boolean): boolean {
  const mode = forWriting ? R_OK | W_OK : R_OK;
  return libc().faccessat2(AT_FDCWD, Buffer.from(`${path}\0`), mode, AT_EACCESS) === 0;
}

// <unistd.h>
const R_OK = 4;
const W_OK = 2;

function encodeLock(type: number, byte: number): Buffer {
  const lock = Buffer.alloc(fileLockLayout.bytes);
  lock.writeInt16LE(type, fileLockLayout.type);
  lock.writeBigInt64LE(BigInt(byte), fileLockLayout.start);
  lock.writeBigInt64LE(1n, fileLockLayout.length);
  return lock;
}

function numberOf(descriptor: Fd | number): number {
  return typeof descriptor === 'number' ? descriptor : descriptor.number;
}
