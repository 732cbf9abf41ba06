import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Bytes } from '#contract/units.ts';
import { parseDescriptorInfo, type DescriptorInfo } from './process/descriptor-info.ts';

/** Enough for QEMU's last words, and for the boot of a guest whose console goes there. */
const mostBytes: Bytes = 65_536;

/**
 * Last lines of what a process writes to stderr, where that is a file of our own user: opened through the process, so that no
 * path leads elsewhere, and only if the process writes it, since any file can be the stderr of a process that may not read
 * it. Anything else (a terminal, a pipe, another user's file) is named instead.
 */
export function readProcessOutput(pid: number): string {
  let descriptor: number | undefined;
  try {
    const path = `/proc/${pid}/fd/2`;
    // Before it is opened: opening a device may do something.
    if (!statSync(path).isFile()) return 'its output does not go to a file';
    const theirs = descriptorInfo(pid, 2);
    if (theirs?.isWritten !== true) return 'its output does not go to a file that it writes';
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const [ours, found] = [descriptorInfo('self', descriptor), fstatSync(descriptor)];
    if (ours?.inode !== theirs.inode || ours.mountId !== theirs.mountId) return 'its output went elsewhere meanwhile';
    if (found.uid !== process.geteuid?.()) return `its output goes to a file of user ${found.uid}`;
    const bytes = Buffer.alloc(Math.min(found.size, mostBytes));
    const count = readSync(descriptor, bytes, 0, bytes.length, Math.max(0, found.size - mostBytes));
    return bytes.toString('utf8', 0, count);
  } catch (thrown) {
    return `its output cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function descriptorInfo(pid: number | 'self', descriptor: number): DescriptorInfo | undefined {
  return parseDescriptorInfo(readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8'));
}
