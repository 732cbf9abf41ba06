import { chmodSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { SwitchyardError } from '#contract/errors.ts';
import type { QemuIdentity } from '#contract/host.ts';
import { fileFailure, NotPlain } from './file-failure.ts';
import { makePrivateDirectory, migrationPaths } from './paths.ts';
import { readPlainFile, requirePlain } from './plain-file.ts';

/** Who manages a migration, for the sentence that the refused one reads. */
const lockOwnerSchema = z.object({
  pid: z.number().int(),
  user: z.string(),
  migrationId: z.string(),
  sinceEpochMs: z.number(),
});
export type LockOwner = z.infer<typeof lockOwnerSchema>;

/**
 * Held until released or until the process dies, however it dies: the kernel lets go of it. Not inherited by children,
 * so that a QEMU we started cannot hold it after us.
 */
export interface Lock extends Disposable {
  release(): void;
}

/** One manager per migration. Rejects with who it is. */
export function lockMigration(state: string, owner: LockOwner): Lock {
  return acquire(
    migrationPaths(state, owner.migrationId).lock,
    owner,
    'Another process manages this migration already',
  );
}

/** One migration per guest, whichever way it goes: the identity's uuid is the same on both hosts. */
export function lockGuest(state: string, guest: QemuIdentity, owner: LockOwner): Lock {
  const directory = join(state, 'locks');
  makePrivateDirectory(state);
  makePrivateDirectory(directory);
  return acquire(join(directory, `guest-${guestKey(guest)}.lock`), owner, 'This guest is already migrating');
}

/**
 * One probe at a time between two hosts, in either direction; `undefined` while another process has it. `key` must be fit
 * for a file's name.
 */
export function lockProbe(state: string, key: string, owner: LockOwner): Lock | undefined {
  const directory = join(state, 'locks');
  makePrivateDirectory(state);
  makePrivateDirectory(directory);
  return take(join(directory, `probe-${key}.lock`), owner);
}

/**
 * Whether a living process manages this migration: its name card, `unknown` while it has none yet, or nothing. Throws
 * where something else stands in the place of its lock.
 */
export function managerOf(state: string, migrationId: string): LockOwner | 'unknown' | undefined {
  const { lock } = migrationPaths(state, migrationId);
  try {
    if (!isThere(lock)) return undefined;
  } catch (thrown) {
    throw fileFailure(thrown, `Whether a process manages ${migrationId} could not be found out`, lock);
  }
  const database = exclusively(lock, 0);
  database?.close();
  return database === undefined ? (readCard(lock) ?? 'unknown') : undefined;
}

/**
 * A lock without an owner's name, for work of some milliseconds: `undefined` while another process, or another part of this
 * one, holds it. Its folder is made, private to this user; the file stays, without a byte.
 */
export function tryLock(path: string): Disposable | undefined {
  makePrivateDirectory(dirname(path));
  const database = exclusively(path, 0);
  if (database === undefined) return undefined;
  held.add(database);
  return {
    [Symbol.dispose]: () => {
      if (held.delete(database)) database.close();
    },
  };
}

/** QEMU without `-uuid` answers with the nil uuid, and two of those are not the same guest. */
function guestKey({ uuid, bootId, pid, startTimeTicks }: QemuIdentity): string {
  const named = /^[0-9a-f-]{36}$/i.test(uuid) && /[1-9a-f]/i.test(uuid);
  return named ? uuid.toLowerCase() : `${bootId.replace(/[^0-9a-f-]/gi, '')}-${pid}-${startTimeTicks}`;
}

/** Long enough to outlast another process's look at the lock (`managerOf`), too short for a person to notice. */
const patienceMs = 100;

/**
 * A connection without a reference is closed by the garbage collector, and its lock is gone: these are referred to.
 */
const held = new Set<DatabaseSync>();

function acquire(path: string, owner: LockOwner, refusal: string): Lock {
  const lock = take(path, owner);
  if (!lock) throw alreadyTaken(readCard(path), refusal);
  return lock;
}

/** `undefined` while another process holds it. */
function take(path: string, owner: LockOwner): Lock | undefined {
  const database = exclusively(path, patienceMs);
  if (database === undefined) return undefined;
  try {
    // By name: to open and close the file here would drop the lock (fcntl(2), record locks).
    chmodSync(path, 0o600);
    writeCard(path, owner);
  } catch (thrown) {
    database.close();
    throw fileFailure(thrown, `The lock ${path} could not be signed`, path);
  }
  held.add(database);
  const release = (): void => {
    if (!held.delete(database)) return;
    // While the lock is still ours: the next owner's card must not be the one that goes.
    try {
      rmSync(cardPath(path), { force: true });
    } catch {
      // Something else has taken its place: a stale card does no harm, a lock that is kept locks every process out.
    }
    database.close();
  };
  return { release, [Symbol.dispose]: release };
}

/** The primary result code (sqlite3.h): another process holds the lock. */
const SQLITE_BUSY = 5;

/**
 * An empty SQLite file in an exclusive transaction that never writes: on Linux that is a POSIX record lock, which
 * SQLite manages correctly for several connections in one process too. The file stays for ever: removing it while
 * another process opens it would give two owners.
 */
function exclusively(path: string, timeoutMs: number): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    isThere(path);
    database = new DatabaseSync(path, { timeout: timeoutMs });
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (thrown) {
    database?.close();
    if (thrown instanceof Error && 'errcode' in thrown && thrown.errcode === SQLITE_BUSY) return undefined;
    throw fileFailure(thrown, `The lock ${path} could not be taken`, path);
  }
}

/**
 * SQLite opens any file, would wait for a named pipe, and would read and write what a rollback journal beside the
 * file says. A lock is a file without a byte, and nothing beside it.
 */
function isThere(path: string): boolean {
  for (const suffix of ['-journal', '-wal']) {
    const beside = lstatSync(`${path}${suffix}`, { throwIfNoEntry: false });
    if (beside) throw new NotPlain(`${path}${suffix}`, 'a lock has nothing beside it');
  }
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return false;
  requirePlain(path, stats);
  if (stats.size > 0) throw new NotPlain(path, `it has ${stats.size} bytes, and a lock has none`);
  return true;
}

function alreadyTaken(owner: LockOwner | undefined, refusal: string): SwitchyardError {
  const by = owner ? ` (id ${owner.migrationId}, by ${owner.user}, process ${owner.pid})` : '';
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'planning',
    event: 'lock',
    text: `${refusal}${by}.`,
    remedy: owner
      ? `Follow it with \`switchyard show ${owner.migrationId}\`, or end process ${owner.pid} first if it hangs: the guest is not harmed by that.`
      : 'Look at it with `switchyard history`.',
  });
}

function cardPath(lock: string): string {
  return `${lock}.owner.json`;
}

function writeCard(lock: string, owner: LockOwner): void {
  const draft = `${cardPath(lock)}.${owner.pid}`;
  // What a killed process left under this name, or anything else: it is not written through.
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, cardPath(lock));
}

const mostCardBytes = 64 * 1024;

function readCard(lock: string): LockOwner | undefined {
  try {
    return lockOwnerSchema.safeParse(JSON.parse(readPlainFile(cardPath(lock), mostCardBytes).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
