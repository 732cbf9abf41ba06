import { PR_GET_DUMPABLE, PR_SET_DUMPABLE } from './constants.ts';
import { libc, refuseAllCalls } from './libc.ts';
import { NativeError } from './native-error.ts';

/** With whose rights files are opened: credentials(7), setfsuid(2). */
export interface FileUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** The thread could not become itself again. The process must end: this room works no more. */
export class UserLostError extends NativeError {
  constructor(syscall: string, errno: number) {
    super(
      syscall,
      errno,
      'return to the user of Switchyard',
      'Every later native call is refused; restart Switchyard.',
    );
    this.name = 'UserLostError';
  }
}

/**
 * Runs `fn` while this thread opens files as another user, and comes back before anything else can run. The kernel then
 * decides about a path as it would for a process of that user: every folder above it, access control lists, mounts, and
 * what the server of a network file system says. Root's rights over files are given up meanwhile (capabilities(7)).
 *
 * Other threads are not changed, so `fn` must be synchronous and use calls that stay in this thread (`openSync`). Needs
 * root: throws {@link NativeError} when the thread cannot become that user (`fn` is not called), {@link UserLostError} when
 * it cannot come back.
 */
export function asFileUser<Result>(
  user: FileUser,
  fn: () => Result extends PromiseLike<unknown> ? never : Result,
): Result {
  const own: FileUser = { uid: current('setfsuid'), gid: current('setfsgid'), groups: ownGroups() };
  // The kernel takes it away from a process that changes its user, and nothing gives it back.
  const dumpable = libc().prctl(PR_GET_DUMPABLE, 0);
  const refused = (syscall: string, errno: number): Error =>
    new NativeError(syscall, errno, `open files as user ${user.uid}`, 'This needs root.');
  setGroups(user.groups, refused);
  try {
    set('setfsgid', user.gid, refused);
    set('setfsuid', user.uid, refused);
    return fn();
  } finally {
    // The user first: what follows takes root's rights.
    set('setfsuid', own.uid, lost);
    set('setfsgid', own.gid, lost);
    setGroups(own.groups, lost);
    if (dumpable === 1) libc().prctl(PR_SET_DUMPABLE, dumpable);
  }
}

type Refusal = (syscall: string, errno: number) => Error;

function lost(syscall: string, errno: number): Error {
  const error = new UserLostError(syscall, errno);
  refuseAllCalls(error);
  return error;
}

function setGroups(groups: readonly number[], refused: Refusal): void {
  const result = libc().setThreadGroups(groups.length, Uint32Array.from(groups));
  if (result < 0) throw refused('setgroups', -result);
}

const EPERM = 1;
/** An id that no user and no group has: asking for it changes nothing. */
const noId = 0xffff_ffff;

function set(syscall: 'setfsuid' | 'setfsgid', id: number, refused: Refusal): void {
  libc()[syscall](id);
  if (current(syscall) !== id) throw refused(syscall, EPERM);
}

/** The kernel answers with what was there before, as an unsigned number. */
function current(syscall: 'setfsuid' | 'setfsgid'): number {
  return libc()[syscall](noId) >>> 0;
}

function ownGroups(): readonly number[] {
  const count = libc().getgroups(0, new Uint32Array(1));
  const groups = new Uint32Array(Math.max(count, 1));
  return [...groups.subarray(0, libc().getgroups(groups.length, groups))];
}
