import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '#contract/units.ts';
import { nameOfUser } from '#contract/user-name.ts';
import type { DiskOrder } from '#main/engine/ports.ts';
import { ourselves, userOf, type Ourselves } from '#main/hosts/authority/ourselves.ts';
import { rightsOf, type Rights } from '#main/hosts/authority/rights.ts';
import { describeGuest } from '#main/hosts/command-line/description.ts';
import { readCredentials, readProgram, type ProcessProgram } from '#main/hosts/process/process-table.ts';
import type { Credentials } from '#main/hosts/process/process-status.ts';
import { isQemuProgram } from '#main/hosts/qemu-processes.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { asFileUser, type FileUser } from '#native/thread-user.ts';
import { accessFinding, lockFinding, type LockHolder } from './disk-findings.ts';
import { foreignLocks } from './held-locks.ts';
import { kernelLocks, type LockTable } from './lock-table.ts';
import { fileCalls, openAgain, type FileCalls, type Opening } from './open-again.ts';

/** A program that looks at an image has it locked for a moment: only what is locked each time is held. */
const looks = 3;
const lookEveryMs: Milliseconds = 20;

/** What this machine is asked for: the kernel, and who its processes are. */
export interface DiskPorts {
  readonly calls: FileCalls;
  readonly locks: LockTable;
  readonly ourselves: () => Pick<Ourselves, 'uid' | 'gid' | 'credentials'>;
  /** Of a process that is there. */
  readonly credentials: (pid: number) => Credentials | undefined;
  readonly program: (pid: number) => Pick<ProcessProgram, 'program' | 'argv'>;
  /** Runs `open` while this thread opens files as that user. */
  readonly asFileUser: (user: FileUser, open: () => readonly Opened[]) => readonly Opened[];
  readonly sleep: (ms: Milliseconds) => Promise<unknown>;
}

const thisMachine: DiskPorts = {
  calls: fileCalls,
  locks: kernelLocks,
  ourselves,
  credentials: readCredentials,
  program: readProgram,
  asFileUser,
  sleep,
};

/**
 * Why the destination's QEMU would not get these images when it activates them: the kernel is asked with the rights of the
 * process that opens them, and for locks that exclude it. Empty when nothing is against it. Changes nothing.
 */
export async function disksCanBeTaken(order: DiskOrder, ports: DiskPorts = thisMachine): Promise<readonly Finding[]> {
  let findings = look(order, ports);
  for (let looked = 1; looked < looks && findings.some(({ row }) => row === 'disk-lock'); looked += 1) {
    await ports.sleep(lookEveryMs);
    findings = look(order, ports);
  }
  return findings;
}

function look({ opener, own, images }: DiskOrder, ports: DiskPorts): readonly Finding[] {
  const rights = rightsOfProcess(opener.pid, ports);
  const user = rights ? nameOfUser(userOf(rights.uid)) : 'its user';
  const openings = openAll(images, rights, ports);
  const foreign = foreignLocks(
    openings.flatMap(({ image: { locks }, excluded }) => (locks ? [{ locks, excluded }] : [])),
    own.map(({ pid }) => pid),
    ports.locks,
  );
  return openings.flatMap(({ image, refusal }) => {
    const lock = foreign.find(({ file }) => file === image.locks?.file);
    return [
      ...(refusal === undefined ? [] : [accessFinding(image, refusal, user)]),
      ...(lock ? [lockFinding(image, lock, lock.holder === undefined ? undefined : holderOf(lock.holder, ports))] : []),
    ];
  });
}

function rightsOfProcess(pid: number, { credentials }: DiskPorts): Rights | undefined {
  const found = credentials(pid);
  return found && rightsOf(found);
}

/** As the user of the process that will open them; an ordinary user starts every QEMU as itself. */
function openAll(images: readonly OpenImage[], rights: Rights | undefined, ports: DiskPorts): readonly Opened[] {
  const open = (): readonly Opened[] => images.map((image) => ({ image, ...openAgain(image, ports.calls) }));
  const { uid, gid, credentials } = ports.ourselves();
  const isOurs =
    rights?.uid === uid && rights.gid === gid && rights.groups.join() === (credentials?.groups ?? []).join();
  return !rights || isOurs || uid !== 0 ? open() : ports.asFileUser(rights, open);
}

interface Opened extends Opening {
  readonly image: OpenImage;
}

function holderOf(pid: number, ports: DiskPorts): LockHolder {
  const { program, argv } = ports.program(pid);
  const uid = ports.credentials(pid)?.uids.effective;
  const guest = isQemuProgram(program ?? '') ? describeGuest(argv).name : undefined;
  return {
    pid,
    program: program ?? argv[0] ?? '',
    ...(uid === undefined ? {} : { user: nameOfUser(userOf(uid)) }),
    ...(guest === undefined ? {} : { guest }),
  };
}
