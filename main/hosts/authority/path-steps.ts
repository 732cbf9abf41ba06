import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** One thing that the kernel passes on the way along a path, with who may change what it leads to. */
export interface PathStep {
  readonly path: string;
  readonly kind: 'folder' | 'link' | 'file';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, sticky bit included. */
  readonly mode: number;
}

/** As the kernel's own limit (ELOOP, path_resolution(7)). */
const mostLinks = 40;

/**
 * Every folder, symbolic link and, last, the file that an absolute path leads through, in the kernel's order: folders that
 * hold a link count like those it leads to. Throws what `lstat` throws where the path leads nowhere.
 */
export function stepsAlong(path: string): readonly PathStep[] {
  const steps: PathStep[] = [stepOf('/')];
  let links = 0;
  let here = '/';
  const rest = componentsOf(path).toReversed();
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next === '..') {
      here = dirname(here);
      continue;
    }
    const step = stepOf(join(here, next));
    steps.push(step);
    if (step.kind !== 'link') {
      here = step.path;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Error(`${path} leads through more than ${mostLinks} symbolic links`);
    const target = readlinkSync(step.path);
    if (target.startsWith('/')) here = '/';
    rest.push(...componentsOf(target).toReversed());
  }
  return steps;
}

/** What judges a path: whose folders are trusted, and whether a sticky folder (/tmp) protects what is in it. */
export interface PathRules {
  readonly isTrustedOwner: (uid: number, path: string) => boolean;
  readonly isTrustedGroup: (gid: number) => boolean;
  readonly allowsSticky: boolean;
}

/**
 * Why another user could put another thing at the end of this path: the first step that others own or may write, as
 * the end of a sentence. `undefined` when no other user can.
 */
export function whoCouldReplace(steps: readonly PathStep[], rules: PathRules): string | undefined {
  for (const { path, kind, uid, gid, mode } of steps) {
    if (!rules.isTrustedOwner(uid, path)) return `${path} belongs to user ${uid}`;
    // The mode of a link means nothing; who may change it is said by its folder.
    if (kind === 'link') continue;
    const isSticky = kind === 'folder' && (mode & 0o1000) !== 0 && rules.allowsSticky;
    if (isSticky) continue;
    if ((mode & 0o002) !== 0) return `every user may write ${path}`;
    if ((mode & 0o020) !== 0 && !rules.isTrustedGroup(gid)) return `group ${gid} may write ${path}`;
  }
  return undefined;
}

/** What is needed of a user to pass a folder: the execute bit that applies (path_resolution(7)); access lists are not read. */
export function mayPass(
  { uid, gid, mode }: Pick<PathStep, 'uid' | 'gid' | 'mode'>,
  user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] },
): boolean {
  if (user.uid === 0) return true;
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return gid === user.gid || user.groups.includes(gid) ? (mode & 0o010) !== 0 : (mode & 0o001) !== 0;
}

function componentsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function stepOf(path: string): PathStep {
  const found = lstatSync(resolve(path));
  const kind = found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'folder' : 'file';
  return { path, kind, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777 };
}
