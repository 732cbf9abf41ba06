import { statSync, readdirSync, type BigIntStats } from 'node:fs';
import { resolve } from 'node:path';
import type { FileIdentity } from '#main/likeness/portrait.ts';

/** What a process has open, and where paths lead that stand on its command line. */
export interface FileView {
  /** `undefined` where /proc does not show it. */
  readonly open: ReadonlySet<FileIdentity> | undefined;
  /** As the process would name it: relative to its working directory. */
  readonly absolute: (path: string) => string;
  /** In our own mount namespace, which is where a twin is started. `undefined` when nothing is there. */
  readonly leadsTo: (path: string) => FileIdentity | undefined;
}

export function fileViewOf(pid: number, workingDirectory: string | undefined): FileView {
  return {
    open: openFiles(pid),
    absolute: (path) => resolve(workingDirectory ?? '/', path),
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
