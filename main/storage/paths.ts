import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { SwitchyardError } from '#contract/errors.ts';
import { fileFailure, hasCode } from './file-failure.ts';

/**
 * Where Switchyard keeps what outlives it (`state`) and what need not outlive a boot: sockets, outputs (`runtime`).
 */
export interface Directories {
  readonly state: string;
  readonly runtime: string;
}

/** What the rule depends on; `currentUser()` fills it in. */
export interface UserPlaces {
  readonly uid: number;
  readonly home: string;
  readonly temporary: string;
}

/** Where the system has no user ids, users are not distinguished. */
export function currentUser({ geteuid }: Pick<NodeJS.Process, 'geteuid'> = process): UserPlaces {
  return { uid: geteuid?.() ?? 0, home: homedir(), temporary: tmpdir() };
}

/**
 * Switchyard's own variables first, then the XDG Base Directory Specification (version 0.8), whose relative values are
 * to be ignored. Without a runtime directory from the session, root has /run and every other user a folder of their own
 * under the temporary directory.
 */
export function directoriesFor(environment: NodeJS.ProcessEnv, user: UserPlaces): Directories {
  const own = (name: string): string | undefined => {
    const value = environment[name];
    return value ? resolve(value) : undefined;
  };
  const xdg = (name: string): string | undefined => {
    const value = environment[name];
    return value && isAbsolute(value) ? join(value, 'switchyard') : undefined;
  };
  return {
    state: own('SWITCHYARD_STATE_DIR') ?? xdg('XDG_STATE_HOME') ?? join(user.home, '.local', 'state', 'switchyard'),
    runtime:
      own('SWITCHYARD_RUNTIME_DIR') ??
      xdg('XDG_RUNTIME_DIR') ??
      (user.uid === 0 ? '/run/switchyard' : join(user.temporary, `switchyard-${user.uid}`)),
  };
}

/** The directories of this process, made and checked. */
export function openDirectories(environment: NodeJS.ProcessEnv = process.env): Directories {
  const directories = directoriesFor(environment, currentUser());
  makePrivateDirectory(directories.state);
  makePrivateDirectory(directories.runtime);
  return directories;
}

/**
 * Makes a directory (0700, its missing parents too), or accepts one that is there, belongs to us and can be written by
 * no other user. An existing one is never changed: it may be /tmp.
 */
export function makePrivateDirectory(path: string): void {
  let found: Stats;
  try {
    makeDirectories(path);
    found = lstatSync(path);
  } catch (thrown) {
    throw fileFailure(thrown, `The directory ${path} could not be made`, path);
  }
  const objection = objectionTo(found, currentUser().uid);
  if (objection !== undefined) {
    throw new SwitchyardError({
      kind: 'invalid-request',
      path,
      text: `Switchyard does not use ${path}: ${objection}.`,
      remedy:
        'Remove it, or fix its owner and mode (`chmod go-w`), or name another one with SWITCHYARD_STATE_DIR or SWITCHYARD_RUNTIME_DIR.',
    });
  }
}

/**
 * Makes a directory (0700) and its missing parents; what is there already is left as it is. Throws as node:fs. Its own
 * `recursive` never ends where a directory is there and nothing can be made in it, as in /proc (Node 24).
 */
export function makeDirectories(path: string): void {
  if (made(path)) return;
  makeDirectories(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Whether it is there now; `false` where a parent is missing. */
function made(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return true;
    if (hasCode(thrown, 'ENOENT') && dirname(path) !== path) return false;
    throw thrown;
  }
}

function objectionTo(found: Stats, uid: number): string | undefined {
  if (found.isSymbolicLink()) return 'it is a symbolic link';
  if (!found.isDirectory()) return 'it is not a directory';
  if (found.uid !== uid) return `it belongs to user ${found.uid}, not to user ${uid}`;
  if ((found.mode & 0o022) !== 0) return 'others may write there';
  return undefined;
}

/** What one migration leaves on disk. */
export interface MigrationPaths {
  readonly directory: string;
  readonly journal: string;
  readonly samples: string;
  readonly lock: string;
}

export function migrationsDirectory(state: string): string {
  return join(state, 'migrations');
}

/** `id` must have been checked against `migrationIdSchema`: it becomes a folder's name. */
export function migrationPaths(state: string, id: string): MigrationPaths {
  const directory = join(migrationsDirectory(state), id);
  return {
    directory,
    journal: join(directory, 'journal.ndjson'),
    samples: join(directory, 'samples.ndjson'),
    lock: join(directory, 'manager.lock'),
  };
}
