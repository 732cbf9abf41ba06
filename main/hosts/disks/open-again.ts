import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { isLocked, mayAccess } from '#native/file-locks.ts';
import { exclusionsFor, type Exclusion } from './image-lock.ts';

/** What became of opening an image as QEMU does. */
export interface Opening {
  /** `EACCES`: why the kernel refuses it; absent when it does not. */
  readonly refusal?: string;
  /** Bytes that are locked by others, as the kernel answers for this very file, also of other hosts. */
  readonly excluded: readonly Exclusion[];
}

/** What the kernel is asked for, as the user that this thread opens files as. */
export interface FileCalls {
  /** As open(2); throws what the kernel answers, with its `code`. */
  readonly open: (path: string, flags: number) => number;
  readonly close: (file: number) => void;
  readonly isLocked: (file: number, byte: number) => boolean;
  readonly mayAccess: (path: string, forWriting: boolean) => boolean;
  /** Of a block device: `blockdev --setro`, `losetup -r`, a write-protected disk. */
  readonly isReadOnlyDevice: (path: string) => boolean;
}

/** Of this host. */
export const fileCalls: FileCalls = { open: openSync, close: closeSync, isLocked, mayAccess, isReadOnlyDevice };

/**
 * Opens an image by its path with QEMU's flags, as the user that this thread opens files as, and closes it. Never makes or
 * empties a file, and waits for none. A device is not opened, because udev looks through it again when it is closed: the
 * kernel is asked about its permissions, and whether it can be written at all.
 */
export function openAgain({ path, leadsTo, forWriting, direct, locks }: OpenImage, calls: FileCalls): Opening {
  if (leadsTo?.startsWith('device ') === true) {
    const refusal = deviceRefusal(path, forWriting, calls);
    return { ...(refusal === undefined ? {} : { refusal }), excluded: [] };
  }
  const mode = forWriting ? constants.O_RDWR : constants.O_RDONLY;
  try {
    const file = calls.open(path, mode | constants.O_NONBLOCK | constants.O_NOCTTY | (direct ? constants.O_DIRECT : 0));
    try {
      return { excluded: locks ? exclusionsFor(locks).filter(({ byte }) => calls.isLocked(file, byte)) : [] };
    } finally {
      calls.close(file);
    }
  } catch (thrown) {
    return { refusal: codeOf(thrown), excluded: [] };
  }
}

function deviceRefusal(path: string, forWriting: boolean, calls: FileCalls): string | undefined {
  if (!calls.mayAccess(path, forWriting)) return 'EACCES';
  return forWriting && calls.isReadOnlyDevice(path) ? 'EROFS' : undefined;
}

function isReadOnlyDevice(path: string): boolean {
  try {
    const { rdev } = statSync(path);
    const [major, minor] = [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)];
    return readFileSync(`/sys/dev/block/${major}:${minor}/ro`, 'utf8').trim() === '1';
  } catch {
    // No block device.
    return false;
  }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  throw thrown;
}
