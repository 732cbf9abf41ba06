import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { currentUser, directoriesFor, makePrivateDirectory } from '#main/storage/paths.ts';

/** sockaddr_un.sun_path less its final zero (include/uapi/linux/un.h). */
const longestSocketPath = 107;

/** Where sockets, logs and the guest's image live: gone after a reboot, as everything they belong to. */
export function runtimeDirectory(): string {
  return directoriesFor(process.env, currentUser()).runtime;
}

/** The files of one lab. */
export interface LabFiles {
  readonly directory: string;
  readonly image: string;
  readonly monitor: string;
  readonly serial: string;
  /** What the guest's QEMU says on stdout and stderr. */
  readonly output: string;
  /** Where guest memory is put to be read, a piece at a time. */
  readonly memory: string;
}

export function labFiles(lab: string, runtime: string = runtimeDirectory()): LabFiles {
  return filesIn(join(runtime, 'labs', lab));
}

export function filesIn(directory: string): LabFiles {
  const monitor = join(directory, 'monitor.sock');
  if (Buffer.byteLength(monitor) > longestSocketPath) {
    throw invalidRequest(
      `The monitor socket ${monitor} would have a path of more than ${longestSocketPath} bytes, which no kernel accepts.`,
      'Set SWITCHYARD_RUNTIME_DIR to a directory with a shorter path.',
      'SWITCHYARD_RUNTIME_DIR',
    );
  }
  return {
    directory,
    image: join(directory, 'boot-sector.img'),
    monitor,
    serial: join(directory, 'serial.log'),
    output: join(directory, 'qemu.log'),
    memory: join(directory, 'memory.bin'),
  };
}

/**
 * Makes the lab's directory, empty, and everything above it that is missing. The runtime directory of a user without a
 * session lies in /tmp, where anyone could have been first: one that is not ours, or that others may write, is refused.
 */
export async function makeOwnDirectory(directory: string): Promise<void> {
  makePrivateDirectory(dirname(dirname(directory)));
  makePrivateDirectory(dirname(directory));
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
}
