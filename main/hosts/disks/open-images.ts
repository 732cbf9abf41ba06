import { readdirSync, readFileSync } from 'node:fs';
import type { Milliseconds } from '#contract/units.ts';
import { refuseTooMany } from '#main/hosts/portrait/answers.ts';
import { fileViewOf, identityAt, type FileView } from '#main/hosts/portrait/files.ts';
import { pathOfImage } from '#main/hosts/portrait/image-name.ts';
import { parseDescriptorInfo } from '#main/hosts/process/descriptor-info.ts';
import { startingFolderOfPid } from '#main/hosts/process/starting-folder.ts';
import type { ImageLocks, OpenImage } from '#main/likeness/open-image.ts';
import type { FileIdentity } from '#main/likeness/portrait.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import { isJsonObject, type JsonObject } from '#main/qmp/json.ts';
import { parseFileLocks, type FileLock } from './file-lock.ts';
import { lockedBytes } from './image-lock.ts';

/** Reads which images a QEMU has open, through its monitor and from the process of that number. */
export type ImageReader = (client: QmpClient, pid: number) => Promise<readonly OpenImage[]>;

/** Drivers of QEMU that open a file or a device of the host (block/file-posix.c). */
const localDrivers: ReadonlySet<string> = new Set(['file', 'host_device', 'host_cdrom']);

const answerTimeoutMs: Milliseconds = 1500;

/**
 * Every file and device that a QEMU has open for its disks now, each once: images, their backing files, media, flash, and
 * what filters and other drivers have beneath them. One question to the monitor; changes nothing.
 */
export async function readOpenImages(client: QmpClient, pid: number): Promise<readonly OpenImage[]> {
  const nodes = await client.execute('query-named-block-nodes', { flat: true }, { timeoutMs: answerTimeoutMs });
  refuseTooMany({ nodes });
  return imagesOf(nodes, fileViewOf(pid, startingFolderOfPid(pid)), descriptorsOf(pid));
}

/** What the descriptors of a process show of one file. */
export interface Open {
  readonly isWritten: boolean;
  readonly locks: readonly FileLock[];
}

/**
 * What QEMU names and, by its descriptors, has open: its user decides what it names, and nothing else is opened on its word.
 * Where the descriptors may not be seen, its word is all there is.
 */
export function imagesOf(
  nodes: readonly JsonObject[],
  files: Pick<FileView, 'absolute'>,
  open: ReadonlyMap<FileIdentity, Open>,
): readonly OpenImage[] {
  const images = new Map<string, OpenImage>();
  for (const node of nodes) {
    const path = localPath(node, files);
    if (path === undefined) continue;
    const leadsTo = identityAt(path);
    const shown = leadsTo === undefined ? undefined : open.get(leadsTo);
    if (open.size > 0 && !shown) continue;
    const before = images.get(leadsTo ?? path);
    const { cache } = node;
    images.set(leadsTo ?? path, {
      path: before?.path ?? path,
      ...(leadsTo === undefined ? {} : { leadsTo }),
      forWriting: shown?.isWritten ?? (before?.forWriting === true || node['ro'] !== true),
      direct: before?.direct === true || (isJsonObject(cache) && cache['direct'] === true),
      ...locksOf(shown),
    });
  }
  return [...images.values()];
}

function localPath({ drv, file }: JsonObject, { absolute }: Pick<FileView, 'absolute'>): string | undefined {
  if (typeof drv !== 'string' || typeof file !== 'string' || !localDrivers.has(drv)) return undefined;
  const named = pathOfImage(file);
  return named === undefined ? undefined : absolute(named);
}

function locksOf(open: Open | undefined): { readonly locks?: ImageLocks } {
  const [first] = open?.locks ?? [];
  return open && first ? { locks: { file: first.file, bytes: lockedBytes(open.locks) } } : {};
}

/** By the files they lead to; empty where the process may not be looked at. */
function descriptorsOf(pid: number): ReadonlyMap<FileIdentity, Open> {
  const found = new Map<FileIdentity, Open>();
  for (const name of namesOf(pid)) {
    const identity = identityAt(`/proc/${pid}/fd/${name}`);
    const info = identity === undefined ? '' : infoOf(pid, name);
    if (identity === undefined || info === '') continue;
    const before = found.get(identity);
    found.set(identity, {
      isWritten: before?.isWritten === true || parseDescriptorInfo(info)?.isWritten === true,
      locks: [...(before?.locks ?? []), ...parseFileLocks(info)],
    });
  }
  return found;
}

function namesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function infoOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8');
  } catch {
    // It was closed in between.
    return '';
  }
}
