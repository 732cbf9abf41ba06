import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { Bytes } from '#contract/units.ts';

/** Enough for QEMU's last words, and for the boot of a guest whose console goes there. */
const mostBytes: Bytes = 65_536;

/**
 * Last lines of what a process of our own user writes to stderr, where that is a file: opened through the process, so that
 * no path leads elsewhere. Anything else (a terminal, a pipe, another user's file) is named instead.
 */
export function readProcessOutput(pid: number): string {
  let descriptor: number | undefined;
  try {
    const path = `/proc/${pid}/fd/2`;
    const found = statSync(path);
    const { size, uid } = found;
    if (!found.isFile()) return 'its output does not go to a file';
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (uid !== process.geteuid?.()) return `its output goes to a file of user ${uid}`;
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    const count = readSync(descriptor, bytes, 0, bytes.length, Math.max(0, size - mostBytes));
    return bytes.toString('utf8', 0, count);
  } catch (thrown) {
    return `its output cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
