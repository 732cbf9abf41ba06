import { shellWord } from '#contract/plain-text.ts';
import type { Finding } from './finding.ts';
import { driveLabel } from './labels.ts';
import type { Drive, Layer, Medium, Portrait } from './portrait.ts';

/** A reason, seen on the source alone, for which no twin could be the guest's likeness. */
export interface Obstacle {
  readonly id: string;
  /** For the guide (docs/guests.md): what is refused. */
  readonly refuses: string;
  /** For the guide: why. */
  readonly because: string;
  /** The operator may continue although something is lost. */
  readonly acceptable?: boolean;
  readonly find: (source: Portrait) => readonly Omit<Finding, 'row'>[];
}

export const obstacles: readonly Obstacle[] = [
  {
    id: 'blocked',
    refuses: 'what QEMU itself does not migrate: vmdk, vvfat and other formats, NVMe, VFIO without support, ...',
    because: 'QEMU answers `migrate` with an error; its own words are shown',
    find: ({ blockers }) =>
      blockers.map((reason) => ({
        item: 'migration',
        text: `QEMU refuses to migrate this guest: ${withoutStop(reason)}.`,
        remedy: 'Remove what QEMU names, or restart the guest without it.',
      })),
  },
  {
    id: 'block-driver',
    refuses: 'disks of the drivers `quorum` and `replication`',
    because:
      'QEMU keeps the locks of the images below them when it lets go of a disk, and the destination cannot take them',
    find: ({ blockDrivers = [] }) =>
      blockDrivers
        .filter((driver) => keepsLocks.has(driver))
        .map((driver) => ({
          item: driver,
          text: `The guest has a disk of the driver ${driver}, whose images QEMU does not release for the destination.`,
          remedy: 'Restart the guest with one of these images alone, or with a mirror that the host makes.',
        })),
  },
  {
    id: 'block-job',
    refuses: 'a running block job (mirror, backup, commit, stream)',
    because: 'it ends with the source, half done',
    find: ({ jobs }) =>
      jobs.map((job) => ({
        item: job,
        text: `A block job runs: ${job}.`,
        remedy: 'Wait until it has ended (`query-block-jobs`), complete it or cancel it, then migrate.',
      })),
  },
  {
    id: 'block-export',
    refuses: 'a disk that this QEMU exports (NBD, vhost-user-blk, FUSE)',
    because: 'its clients would keep the old copy of the disk',
    find: ({ exports }) =>
      exports.map((each) => ({
        item: each,
        text: `The guest's QEMU exports a disk: ${each}.`,
        remedy: 'End the export with `block-export-del` and `nbd-server-stop`, migrate, and export it from there.',
      })),
  },
  {
    id: 'tpm',
    refuses: 'a TPM of the host (`-tpmdev passthrough`)',
    because: 'its state is in that chip and stays there',
    find: ({ tpms }) =>
      tpms
        .filter((tpm) => !tpm.endsWith('(emulator)'))
        .map((tpm) => ({
          item: tpm,
          text: `The guest has a TPM whose state cannot be moved: ${tpm}.`,
          remedy: 'Restart the guest without it, or with `-tpmdev emulator` and swtpm.',
        })),
  },
  {
    id: 'root',
    refuses: 'a QEMU that has changed its root (`-chroot`, `-run-with chroot=`)',
    because:
      'its disks are opened again for writing at the end of the move, by paths that do not exist in the new root',
    find: ({ process: { root } }) =>
      root === undefined || root === '/'
        ? []
        : [
            {
              item: root,
              text: `The guest's QEMU has another root directory than Switchyard: ${root}.`,
              remedy: 'Restart the guest without `-chroot`, outside of a container, or run Switchyard in the same one.',
            },
          ],
  },
  {
    id: 'image-replaced',
    refuses: 'an image that was replaced, renamed or deleted while the guest has it open',
    because: 'the destination would open another file than the one in use',
    find: ({ drives, process }) =>
      drives.flatMap((drive) =>
        layersOf(drive)
          .filter((layer) => layer.path !== undefined && !layer.isOpen && process.openFilesKnown)
          .map((layer) => replaced(drive, layer)),
      ),
  },
  {
    id: 'image-name',
    refuses: 'a drive with a relative path, of a QEMU that has left its folder (`-daemonize`)',
    because:
      'QEMU reopens an image of `-drive` by its name when it releases it, does not find it, and the migration fails',
    find: ({ drives }) =>
      drives
        // What is only read is not opened again, nor are nodes of `-blockdev` (auto-read-only, block/file-posix.c).
        .filter(({ name, medium }) => name !== '' && medium?.readOnly === false)
        .flatMap((drive) => layersOf(drive).flatMap((layer) => lost(drive, layer))),
  },
  {
    id: 'open-files-unknown',
    refuses: 'a QEMU whose open files cannot be seen',
    because: 'whether its images are still those that their paths lead to is not known',
    find: ({ process, drives }) =>
      process.openFilesKnown || drives.every((drive) => layersOf(drive).every(({ path }) => path === undefined))
        ? []
        : [
            {
              item: '/proc/PID/fd',
              text: "The files that the guest's QEMU has open cannot be read.",
              remedy: 'Run Switchyard as root or as the user who runs QEMU.',
            },
          ],
  },
  {
    id: 'bitmap-in-memory',
    refuses: 'a dirty bitmap that is not persistent',
    because: 'it is lost with the source, and the next incremental backup would be incomplete without it',
    acceptable: true,
    find: ({ drives, nodes }) =>
      [
        ...drives.map((drive) => ({ owner: driveLabel(drive), bitmaps: drive.medium?.bitmaps ?? [] })),
        ...nodes.map(({ name, bitmaps }) => ({ owner: name, bitmaps })),
      ].flatMap(({ owner, bitmaps }) =>
        bitmaps
          .filter(({ persistent }) => !persistent)
          .map(({ name }) => ({
            item: `${name} of ${owner}`,
            text: `The dirty bitmap ${name} of ${owner} is kept in memory only, and does not move with the guest.`,
            remedy:
              'Remove it with `block-dirty-bitmap-remove`, or make one with `"persistent": true` on a qcow2 image, then migrate.',
          })),
      ),
  },
];

/** Each has permissions of its own for its children, also while it is inactive (`bdrv_child_perm` in block/quorum.c). */
const keepsLocks: ReadonlySet<string> = new Set(['quorum', 'replication']);

export interface ObstacleFinding extends Finding {
  readonly acceptable: boolean;
}

export function obstaclesOf(source: Portrait): readonly ObstacleFinding[] {
  return obstacles.flatMap(({ id, acceptable = false, find }) =>
    find(source).map((found) => ({ row: id, ...found, acceptable })),
  );
}

function layersOf({ medium }: Drive): Medium['layers'] {
  return medium?.layers ?? [];
}

function replaced(drive: Drive, { path = '', leadsTo }: Layer): Omit<Finding, 'row'> {
  return {
    item: driveLabel(drive),
    text:
      leadsTo === undefined
        ? `${driveLabel(drive)} uses an image that was ${path}, and nothing is there now.`
        : `${driveLabel(drive)} uses an image that was ${path}, and that path leads to another file now.`,
    remedy: `Put the image that the guest uses back at ${path}, then migrate.`,
  };
}

function lost(drive: Drive, { path = '', lostName, isOpen }: Layer): readonly Omit<Finding, 'row'>[] {
  // What is nowhere is another obstacle.
  if (lostName === undefined || !isOpen) return [];
  return [
    {
      item: driveLabel(drive),
      text: `${driveLabel(drive)} has a relative path, and QEMU now looks for it at ${lostName}, because it has left its folder; the image is ${path}.`,
      remedy: `Link that name to the image until the guest has moved: \`ln -s ${shellWord(path)} ${shellWord(lostName)}\`. Start guests with absolute paths.`,
    },
  ];
}

function withoutStop(text: string): string {
  return text.trim().replace(/\.$/, '');
}
