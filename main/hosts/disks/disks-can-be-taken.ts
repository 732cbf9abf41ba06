import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '#contract/units.ts';
import { plainName } from '#contract/plain-text.ts';
import { nameOfUser } from '#contract/user-name.ts';
import type { DiskOrder } from '#main/engine/ports.ts';
import { rightsOf, type Rights } from '#main/hosts/authority/rights.ts';
import { ourselves, userOf } from '#main/hosts/authority/ourselves.ts';
import { describeGuest } from '#main/hosts/command-line/description.ts';
import { readCredentials, readProgram } from '#main/hosts/process/process-table.ts';
import { isQemuProgram } from '#main/hosts/qemu-processes.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { asFileUser } from '#native/thread-user.ts';
import { foreignLocks, type ForeignLock } from './held-locks.ts';
import { openAgain, type Opening } from './open-again.ts';

/** A program that looks at an image has it locked for a moment: only what is locked each time is held. */
const looks = 3;
const lookEveryMs: Milliseconds = 20;

/**
 * Why the destination's QEMU would not get these images when it activates them: the kernel is asked with the rights of the
 * process that opens them, and for locks that exclude it. Empty when nothing is against it. Changes nothing.
 */
export async function disksCanBeTaken(order: DiskOrder): Promise<readonly Finding[]> {
  let findings = look(order);
  for (let looked = 1; looked < looks && findings.some(({ row }) => row === 'disk-lock'); looked += 1) {
    await sleep(lookEveryMs);
    findings = look(order);
  }
  return findings;
}

function look({ opener, own, images }: DiskOrder): readonly Finding[] {
  const rights = rightsOfProcess(opener.pid);
  const openings = asOpener(rights, () => images.map((image) => openAgain(image)));
  const foreign = foreignLocks(
    images.flatMap(({ locks }, index) => (locks ? [{ locks, excluded: openings[index]?.excluded ?? [] }] : [])),
    own.map(({ pid }) => pid),
  );
  return images.flatMap((image, index) => {
    const lock = foreign.find(({ file }) => file === image.locks?.file);
    return [...accessFinding(image, openings[index], rights), ...(lock ? [lockFinding(image, lock)] : [])];
  });
}

function rightsOfProcess(pid: number): Rights | undefined {
  const credentials = readCredentials(pid);
  return credentials && rightsOf(credentials);
}

/** An ordinary user starts every QEMU as itself. */
function asOpener<Result>(
  rights: Rights | undefined,
  fn: () => Result extends PromiseLike<unknown> ? never : Result,
): Result {
  const { uid, gid, credentials } = ourselves();
  const isOurs =
    rights?.uid === uid && rights.gid === gid && rights.groups.join() === (credentials?.groups ?? []).join();
  return !rights || isOurs || uid !== 0 ? fn() : asFileUser(rights, fn);
}

function accessFinding(image: OpenImage, opening: Opening | undefined, rights: Rights | undefined): Finding[] {
  const code = opening?.refusal;
  if (code === undefined) return [];
  const user = rights ? nameOfUser(userOf(rights.uid)) : 'its user';
  const how = image.forWriting ? ' for writing' : '';
  const { reason, remedy } = reasons[code] ?? {
    reason: code,
    remedy: `Let ${user} open it, then migrate.`,
  };
  return [
    {
      row: 'disk-access',
      item: image.path,
      text: `${image.path} cannot be opened${how} by ${user}, which is the user of QEMU on the destination: ${reason}.`,
      remedy,
    },
  ];
}

const mount = 'Mount its file system for writing (`mount -o remount,rw`), or the disk itself, then migrate.';
const reasons: Readonly<Record<string, { readonly reason: string; readonly remedy: string }>> = {
  EACCES: {
    reason: 'permission denied',
    remedy: 'Give that user access to the file and to the folders above it, then migrate.',
  },
  EPERM: {
    reason: 'operation not permitted',
    remedy: 'See `lsattr` for whether the file is immutable or may only be appended to, then migrate.',
  },
  EROFS: { reason: 'it is read-only', remedy: mount },
  ENOENT: { reason: 'it does not exist', remedy: 'Put the image back there, then migrate.' },
  EINVAL: {
    reason: 'its file system does not support direct I/O (O_DIRECT)',
    remedy: 'Start the guest with another `cache` for this disk, or put the image on another file system.',
  },
};

function lockFinding({ path }: OpenImage, { means, holder }: ForeignLock): Finding {
  return {
    row: 'disk-lock',
    item: path,
    text: `${holderOf(holder)} holds a lock on ${path} that ${means}, so that QEMU on the destination could not start the guest.`,
    remedy:
      holder === undefined
        ? 'Find out on the other hosts of this storage which of them uses the image, and end that, then migrate.'
        : 'End that process, or its use of the image, then migrate.',
  };
}

function holderOf(holder: number | undefined): string {
  if (holder === undefined) return 'A process that this host does not show';
  const { program, argv } = readProgram(holder);
  const uid = readCredentials(holder)?.uids.effective;
  const guest = isQemuProgram(program ?? '') ? describeGuest(argv).name : undefined;
  const about = [
    `process ${holder}`,
    ...(uid === undefined ? [] : [`of ${nameOfUser(userOf(uid))}`]),
    ...(guest === undefined ? [] : [`with the guest ${plainName(guest)}`]),
  ];
  return `${plainName(basename(program ?? argv[0] ?? '')) || 'A program'} (${about.join(' ')})`;
}
