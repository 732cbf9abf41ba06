import { statSync, readdirSync, type BigIntStats } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { readLink } from '#main/hosts/process/process-table.ts';
import type { FileIdentity } from '#main/likeness/portrait.ts';

/** What a process has open, and where paths lead that stand on its command line. */
export interface FileView {
  /** `undefined` where /proc does not show it. */
  readonly open: ReadonlySet<FileIdentity> | undefined;
  /** Relative names begin where the process was started; those of later commands where it is now (`-daemonize`). */
  readonly absolute: (path: string) => string;
  /** Where QEMU looks for that name when it opens it again. */
  readonly now: (path: string) => string;
  /** In our own mount namespace, which is where a twin is started. `undefined` when nothing is there. */
  readonly leadsTo: (path: string) => FileIdentity | undefined;
}

export function fileViewOf(pid: number, startedIn: string): FileView {
  const open = openFiles(pid);
  const isOpen = (path: string): boolean => {
    const identity = identityAt(path);
    return identity !== undefined && open?.has(identity) === true;
  };
  const now = (path: string): string => resolve(readLink(pid, 'cwd') ?? '/', path);
  return {
    open,
    now,
    absolute: (path) => {
      const place = resolve(startedIn, path);
      return !isAbsolute(path) && !isOpen(place) && isOpen(now(path)) ? now(path) : place;
    },
    leadsTo: (path) => identityAt(path),
  };
}

function openFiles(pid: number): ReadonlySet<FileIdentity> | undefined {
  try {
    const folder = `/proc/${pid}/fd`;
    return new Set(readdirSync(folder).flatMap((name) => identityAt(`${folder}/${name}`) ?? []));
  } catch {
    // Another user's process, or it has ended.
    return undefined;
  }
}

/** A disk is the same by its device number, whichever of its nodes is opened. */
export function identityAt(path: string): FileIdentity | undefined {
  try {
    return identityOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function identityOf(found: BigIntStats): FileIdentity | undefined {
  if (found.isFile()) return `${found.dev}:${found.ino}`;
  return found.isBlockDevice() || found.isCharacterDevice() ? `device ${found.rdev}` : undefined;
}
