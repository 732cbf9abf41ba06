import { basename } from 'node:path';
import { plainName } from '#contract/plain-text.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import type { Exclusion } from './image-lock.ts';

/** Who holds a lock, as far as this host shows it. */
export interface LockHolder {
  readonly pid: number;
  /** The path of what it executes, or the name that it was started with; empty where neither is known. */
  readonly program: string;
  /** By name and number. */
  readonly user?: string;
  /** The name of the guest that it runs. */
  readonly guest?: string;
}

/** That the user of the destination's QEMU may not open an image; `code` is what the kernel answers (`EACCES`). */
export function accessFinding({ path, forWriting }: OpenImage, code: string, user: string): Finding {
  const how = forWriting ? ' for writing' : '';
  const { reason, remedy } = reasons[code] ?? {
    reason: code,
    remedy: `Let ${user} open it, then migrate.`,
  };
  return {
    row: 'disk-access',
    item: path,
    text: `${path} cannot be opened${how} by ${user}, which is the user of QEMU on the destination: ${reason}.`,
    remedy,
  };
}

/** That a lock of another process excludes QEMU from an image. */
export function lockFinding({ path }: OpenImage, { means }: Exclusion, holder: LockHolder | undefined): Finding {
  return {
    row: 'disk-lock',
    item: path,
    text: `${holder ? nameOf(holder) : 'A process that this host does not show'} holds a lock on ${path} that ${means}, so that QEMU on the destination could not start the guest.`,
    remedy: holder
      ? 'End that process, or its use of the image, then migrate.'
      : 'Find out on the other hosts of this storage which of them uses the image, and end that, then migrate.',
  };
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

function nameOf({ pid, program, user, guest }: LockHolder): string {
  const about = [
    `process ${pid}`,
    ...(user === undefined ? [] : [`of ${user}`]),
    ...(guest === undefined ? [] : [`with the guest ${plainName(guest)}`]),
  ];
  return `${plainName(basename(program)) || 'A program'} (${about.join(' ')})`;
}
