import type { Finding } from './finding.ts';
import type { FileIdentity } from './portrait.ts';

/** A file or a device that QEMU has open for a disk, as its block node and its descriptor show it. */
export interface OpenImage {
  /** Absolute. */
  readonly path: string;
  /** What the path leads to now; absent where nothing is there. */
  readonly leadsTo?: FileIdentity;
  /** By the access mode of the descriptor: with `auto-read-only` a node that may be written is open for reading only. */
  readonly forWriting: boolean;
  /** Without the page cache (`cache.direct=on`, O_DIRECT). */
  readonly direct: boolean;
  /** What QEMU itself has locked of it; absent where it has locked nothing (`locking=off`, or no use of the image). */
  readonly locks?: ImageLocks;
}

/** QEMU's own locks on an image: the permissions that it uses, and those that it does not share with other processes. */
export interface ImageLocks {
  /** The file as the kernel's lists of locks name it: `fe:00:2155571`. */
  readonly file: string;
  readonly bytes: readonly number[];
}

/** A reason for which the destination would not get a disk at the very end, when QEMU activates it. */
export interface DiskRefusal {
  readonly id: 'disk-access' | 'disk-lock';
  /** For the guide (docs/guests.md): what is refused. */
  readonly refuses: string;
  /** For the guide: why. */
  readonly because: string;
  /** The operator may continue although it may fail at the end. */
  readonly acceptable: boolean;
}

export const diskRefusals: readonly DiskRefusal[] = [
  {
    id: 'disk-access',
    refuses:
      "an image that the user of the destination's QEMU may not open as the source has it open: for writing, without the page cache, on its mount",
    because:
      "the source may have opened it before it gave up its rights (`-runas`), and the destination opens it at the very end. The kernel is asked, with that user's rights; only what a program file of QEMU with capabilities may do beyond them is not known, so that it can be accepted",
    acceptable: true,
  },
  {
    id: 'disk-lock',
    refuses: "an image on which another process holds a lock that excludes the guest's use of it",
    because: 'QEMU refuses to start the guest on the destination as long as the lock is held',
    acceptable: false,
  },
];

/** Images that have come since the destination was started with the others, by their paths. */
export function newImages(before: readonly OpenImage[], now: readonly OpenImage[]): readonly Finding[] {
  const known = new Set(before.map(nameOf));
  return now
    .filter((image) => !known.has(nameOf(image)))
    .map(({ path }) => ({
      row: 'disk',
      item: path,
      text: `The guest has opened ${path} since its destination was started.`,
      remedy: 'Migrate again: the destination is then started with the disks that the guest has now.',
    }));
}

function nameOf({ path, leadsTo }: OpenImage): string {
  return leadsTo ?? path;
}
