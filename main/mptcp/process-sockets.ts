import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Inodes of the sockets that a process holds (`socket:[N]` in /proc/PID/fd), or `undefined` when it has gone or is not
 * ours to look at (EACCES: another user's process without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH).
 */
export function readSocketInodes(pid: number): Set<number> | undefined {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set<number>();
  try {
    for (const name of readdirSync(folder)) {
      const inode = socketInode(linkTarget(`${folder}/${name}`));
      if (inode !== undefined) inodes.add(inode);
    }
    return inodes;
  } catch {
    return undefined;
  }
}

function socketInode(target: string | undefined): number | undefined {
  const match = target === undefined ? undefined : (/^socket:\[(\d+)\]$/.exec(target) ?? undefined);
  return match && Number(match[1]);
}

/** A descriptor may close between the listing and this. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
