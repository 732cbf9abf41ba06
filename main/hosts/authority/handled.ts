import { nameOfUser } from '#contract/user-name.ts';
import { parseCommandLine } from '#main/hosts/command-line/command-line.ts';
import { laterRoot } from '#main/hosts/command-line/own-user.ts';
import { isOneId } from '#main/hosts/process/process-status.ts';
import { isSameFile, type FileIdentity, type ProcessRecord } from '#main/hosts/process/process-table.ts';
import { userOf, type Ourselves } from './ourselves.ts';

export interface Obstacle {
  readonly text: string;
  readonly remedy: string;
}

/** What a process is compared with: this machine as we see it. */
export interface Surroundings {
  readonly we: Ourselves;
  readonly root: FileIdentity | undefined;
  /** The file that a path leads to here. */
  readonly fileAt: (path: string) => FileIdentity | undefined;
}

/**
 * Why a process that looks like a QEMU is not handled; `undefined` when it is. Its argv, environment and paths are its
 * own words and count for nothing here: only what the kernel says of it does.
 */
export function whyNotHandled(found: ProcessRecord, { we, root, fileAt }: Surroundings): Obstacle | undefined {
  const { credentials, pid } = found;
  if (found.isCutOff) {
    return {
      text: 'Its command line is longer than 256 KiB and was not read.',
      remedy: `See what process ${pid} is (\`ps -p ${pid} -o user,pid,comm\`), and end it if it should not be there.`,
    };
  }
  if (!isOneId(credentials.uids) || !isOneId(credentials.gids)) {
    const { real, effective, saved } = credentials.uids;
    return {
      text: `It runs with the rights of several users (real ${real}, effective ${effective}, saved ${saved}), as a set-uid program does.`,
      remedy: 'Start the guest as one user.',
    };
  }
  const owner = userOf(found.uid);
  if (!we.canBecome(found.uid)) {
    return {
      text: `It runs as ${nameOfUser(owner)}, and Switchyard runs as ${nameOfUser(userOf(we.uid))}.`,
      remedy: `Run Switchyard as root, or as ${nameOfUser(owner)}.`,
    };
  }
  if (found.userNamespace !== we.userNamespace) {
    return {
      text: 'It runs in another user namespace (a container, or the lab of an ordinary user).',
      remedy: 'Run Switchyard where its QEMU runs.',
    };
  }
  const ownsRoot = found.uid === 0 && laterRoot(parseCommandLine(found.argv)) !== undefined;
  if (!isSameFile(found.root, root) && !ownsRoot) {
    return {
      text: `Its root directory is ${found.rootPath ?? 'another one'}: it runs in a container or was started with -chroot.`,
      remedy: 'Run Switchyard in the same container, or restart the guest without -chroot.',
    };
  }
  const { program, executable, isProgramDeleted } = found;
  const here = program === undefined ? undefined : fileAt(program);
  if (here !== undefined && !isSameFile(here, executable) && !isProgramDeleted) {
    return {
      text: `What it executes is not the file that ${program} is here: it runs in another mount namespace.`,
      remedy: 'Run Switchyard where its QEMU runs.',
    };
  }
  return undefined;
}
