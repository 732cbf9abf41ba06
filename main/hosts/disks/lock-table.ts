import { readdirSync, readFileSync } from 'node:fs';
import { listProcessIds } from '#main/hosts/process/process-table.ts';
import { parseFileLocks, type FileLock } from './file-lock.ts';

/** The locks on files of this host, as its kernel shows them. */
export interface LockTable {
  /** Every lock there is, whoever holds it; none where the list may not be read. */
  readonly all: () => readonly FileLock[];
  /** Those that a process holds by its descriptors; none of a process that has ended or may not be looked at. */
  readonly of: (pid: number) => readonly FileLock[];
  /** Numbers of all processes that can be asked. */
  readonly processes: () => readonly number[];
}

/** proc_locks(5), proc_pid_fdinfo(5). */
export const kernelLocks: LockTable = {
  all: () => parseFileLocks(readOr('', () => readFileSync('/proc/locks', 'utf8'))),
  of: (pid) => {
    const folder = `/proc/${pid}/fdinfo`;
    return readOr([], () => readdirSync(folder)).flatMap((name) =>
      parseFileLocks(readOr('', () => readFileSync(`${folder}/${name}`, 'utf8'))),
    );
  },
  processes: listProcessIds,
};

function readOr<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    // It has ended, or belongs to another user.
    return otherwise;
  }
}
