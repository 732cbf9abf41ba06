import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** As whom a file is opened. */
export interface Opener {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Owner, group and permission bits of a file or a folder. */
export interface Permissions {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const read = 4;
const write = 2;
const search = 1;

/**
 * Whether this user may open the file as QEMU does when it activates a disk: again, by its path. The permission bits of the
 * file and of each folder above it decide; what an access control list grants beyond them is not seen.
 */
export function mayOpen(path: string, opener: Opener, forWriting: boolean): boolean {
  const file = permissionsOf(path);
  if (!file) return false;
  if (forWriting && isOnReadOnlyMount(path)) return false;
  const folders = foldersOf(path).flatMap((folder) => permissionsOf(folder) ?? []);
  return (
    permits(file, opener, forWriting ? read | write : read) && folders.every((each) => permits(each, opener, search))
  );
}

/** The kernel asks the first class that fits, and no other (path_resolution(7)). Root may do everything. */
export function permits({ uid, gid, mode }: Permissions, opener: Opener, wanted: number): boolean {
  if (opener.uid === 0) return true;
  const isOfGroup = opener.gid === gid || opener.groups.includes(gid);
  const bits = opener.uid === uid ? mode >> 6 : isOfGroup ? mode >> 3 : mode;
  return (bits & wanted) === wanted;
}

function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersOf(folder)];
}

function permissionsOf(path: string): Permissions | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isOnReadOnlyMount(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EROFS';
  }
}
