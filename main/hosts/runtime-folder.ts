import {
  chmodSync,
  chownSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { Guest } from '#contract/host.ts';
import { migrationIdSchema } from '#contract/migration.ts';
import { nameOfUser } from '#contract/user-name.ts';
import { NotPlain, readPlainTail } from '#main/storage/plain-file.ts';
import { ourselves, userOf, type Ourselves } from './authority/ourselves.ts';
import { mayPass, stepsAlong, whoCouldReplace } from './authority/path-steps.ts';
import type { Rights } from './authority/rights.ts';
import { overflowUid } from './authority/user-ids.ts';
import { destinationOutputName, guestNoteName, tpmSocketName } from './command-line/twin.ts';
import { isTpmState } from './swtpm/tpm-files.ts';
import { endTpmOf } from './swtpm/running.ts';
import { listQemuProcesses, type MonitorSocket, type QemuProcess } from './qemu-processes.ts';

/** How much of a QEMU's output is worth keeping: its last words. */
const outputTailBytes = 64 * 1024;

/** For twins of users who may not enter our own runtime directory (under /root, or under /run/user/0). */
const commonDirectory = '/run/switchyard';

/** The folder of one migration's destination: its sockets, its output, what its guest writes to serial ports. */
export function migrationFolder(parent: string, migrationId: string): string {
  return join(parent, migrationIdSchema.parse(migrationId));
}

/**
 * Where the leases of MPTCP settings of this machine's namespaces are kept. Managers of root share one folder,
 * whatever their environment says: what they change is the same. Root of a user namespace is another user outside of it.
 */
export function leaseFolder(runtimeDirectory: string, we: Pick<Ourselves, 'uid' | 'mayBeRoot'> = ourselves()): string {
  const isRootOfMachine = we.uid === 0 && !we.mayBeRoot(overflowUid);
  return join(isRootOfMachine ? commonDirectory : runtimeDirectory, 'path-managers');
}

/** Where the folder of a migration may be. */
export function migrationFolders(runtimeDirectory: string, migrationId: string): readonly string[] {
  return parentsOf(runtimeDirectory).map((parent) => migrationFolder(parent, migrationId));
}

/**
 * In which folder the folder of a twin with these rights is to be made: the runtime directory, unless its user may not get
 * there. Looks, and changes nothing. Throws `invalid-request` where that user gets to none.
 */
export function parentFor(runtimeDirectory: string, rights: Rights, we: Ourselves): string {
  if (rights.uid === we.uid) return runtimeDirectory;
  const found = parentsOf(runtimeDirectory).find((parent) => canBeEntered(parent, rights, we));
  if (found !== undefined) return found;
  throw invalidRequest(
    `The twin runs as ${nameOfUser(userOf(rights.uid))}, who may enter neither ${runtimeDirectory} nor ${commonDirectory}.`,
    'Set SWITCHYARD_RUNTIME_DIR to a folder whose parents every user may enter, /run/switchyard for instance.',
    'SWITCHYARD_RUNTIME_DIR',
  );
}

/**
 * Makes the folder of a migration for a twin with these rights, and opens the file for its output in it. What is ours in
 * there is written before the folder becomes that user's: afterwards every name in it may be a link of theirs. The
 * caller closes the descriptor.
 */
export function makeMigrationFolder(
  parent: string,
  folder: string,
  guest: Guest,
  rights: Rights,
  we: Ourselves,
): number {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  // Where it is used: in a folder that all may write (/tmp), another user could have been first with a link.
  if (!isOurs(parent, we)) throw notOurs(parent);
  // Passing is not listing: what is in there stays closed to others.
  if (rights.uid !== we.uid) chmodSync(parent, (lstatSync(parent).mode & 0o7777) | 0o011);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    takeBack(folder, we);
  }
  const exclusive = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  writeFileSync(join(folder, guestNoteName), `${guest.name}\n${guest.identity.uuid}\n`, { mode: 0o600, flag: 'wx' });
  const output = openSync(join(folder, destinationOutputName), exclusive | constants.O_APPEND, 0o600);
  if (rights.uid !== we.uid) chownSync(folder, rights.uid, rights.gid);
  return output;
}

/**
 * Removes what a QEMU that has ended left in its folder: sockets, its output (the journal has it by then), empty files.
 * The state of its TPM goes too: that of a twin that never ran, or of a guest that has taken it along. What the guest wrote
 * (serial ports, logs) is the operator's and stays; without any the folder goes too. A monitor
 * outside of `runtimeDirectory` is not ours, and nothing happens. Refuses while a QEMU still lives there.
 */
export async function tidyFolderOf(monitorPath: string, runtimeDirectory: string): Promise<void> {
  const folder = dirname(monitorPath);
  if (!parentsOf(runtimeDirectory).includes(dirname(folder))) return;
  if (!migrationIdSchema.safeParse(basename(folder)).success) return;
  const inhabitant = inhabitantsOf(folder)[0];
  if (inhabitant) {
    throw new SwitchyardError({
      kind: 'rejected',
      phase: 'ending',
      event: 'tidy',
      text: `The files in ${folder} are in use by a QEMU that still runs (process ${inhabitant.process.pid}).`,
      remedy: 'They are removed after that QEMU has ended.',
    });
  }
  await removeOwnFiles(folder);
}

/** As `tidyFolderOf`, for a folder that is known to be deserted. What lies behind a symbolic link is never touched. */
export async function removeOwnFiles(folder: string): Promise<void> {
  const own = lstatSync(folder, { throwIfNoEntry: false });
  if (own?.isDirectory() !== true) return;
  await endTpmOf(join(folder, tpmSocketName), own.uid);
  for (const name of entriesOf(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const isOurFile =
      found?.isFile() === true && (found.size === 0 || name === destinationOutputName || isTpmState(name));
    if (found?.isSocket() || isOurFile) remove(path);
  }
  const left = entriesOf(folder);
  if (left.length === 1 && left[0] === guestNoteName) remove(join(folder, guestNoteName));
  try {
    rmdirSync(folder);
  } catch {
    // Something of the operator's is in it, or it is gone already.
  }
}

/**
 * The QEMUs whose monitor is in the folder of a migration, in one network namespace or in all. Any process can write such
 * a path on its command line, so it must run as the user to whom we have given that folder.
 */
export function inhabitantsOf(folder: string, networkNamespace?: string): readonly QemuProcess[] {
  const owner = lstatSync(folder, { throwIfNoEntry: false })?.uid ?? process.geteuid?.() ?? 0;
  return listQemuProcesses(networkNamespace).filter(
    (qemu) => qemu.process.uid === owner && monitorIn(qemu, folder) !== undefined,
  );
}

/** The monitor of this QEMU that is in a folder. */
export function monitorIn({ monitors }: QemuProcess, folder: string): MonitorSocket | undefined {
  return monitors.find(({ path }) => dirname(path) === folder);
}

/**
 * The end of a QEMU's own output; empty when there is none (any more), or when something else stands in its place: the
 * folder may be another user's, and only a file that Switchyard has made is read.
 */
export async function readOutput(path: string): Promise<string> {
  try {
    return readPlainTail(path, outputTailBytes).bytes.toString('utf8');
  } catch (thrown) {
    if (thrown instanceof NotPlain || (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'))
      return '';
    throw thrown;
  }
}

function parentsOf(runtimeDirectory: string): readonly string[] {
  return [...new Set([runtimeDirectory, commonDirectory])];
}

/** Whether that user gets into a folder of ours, or would once it lets others pass, which we do with our own only. */
function canBeEntered(parent: string, rights: Rights, we: Ourselves): boolean {
  if (lstatSync(parent, { throwIfNoEntry: false }) && !isOurs(parent, we)) return false;
  try {
    const steps = stepsAlong(dirname(parent));
    // A user who owns a folder above it could put a link in its place at any moment.
    const objection = whoCouldReplace(steps, {
      isTrustedOwner: (uid) => uid === we.uid || we.mayBeRoot(uid),
      isTrustedGroup: (gid) => gid === 0 || gid === we.gid,
      allowsSticky: true,
    });
    return objection === undefined && steps.every((step) => step.kind === 'link' || mayPass(step, rights));
  } catch {
    return false;
  }
}

/** Whether it is a folder, and nobody else may change what is in it. */
function isOurs(folder: string, we: Ourselves): boolean {
  const found = lstatSync(folder);
  return found.isDirectory() && found.uid === we.uid && (found.mode & 0o022) === 0;
}

function notOurs(folder: string): SwitchyardError {
  return invalidRequest(
    `Switchyard does not use ${folder}: it is not a folder that this user alone can change.`,
    'Remove it, or name another one with SWITCHYARD_RUNTIME_DIR.',
    'SWITCHYARD_RUNTIME_DIR',
  );
}

/** A folder that an earlier try has left, made ours and emptied of what is ours, so that nothing in it leads elsewhere. */
function takeBack(folder: string, we: Ourselves): void {
  if (!lstatSync(folder).isDirectory()) {
    throw invalidRequest(`${folder} is in the way: it is no folder.`, 'Remove it, then try again.', 'destination');
  }
  chownSync(folder, we.uid, we.gid);
  chmodSync(folder, 0o700);
  for (const name of [destinationOutputName, guestNoteName]) remove(join(folder, name));
}

/** What cannot be removed (a folder under the name of a file) is left. */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or no file.
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
