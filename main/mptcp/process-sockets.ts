import { readdirSync, readlinkSync } from 'node:fs';
import type { SocketRow } from '#native/netlink/socket-table.ts';

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

/** From the target of a link in /proc/PID/fd; `undefined` for what is no socket. */
export function socketInode(target: string | undefined): number | undefined {
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

type SocketName = Pick<SocketRow, 'inode' | 'cookie'>;
type Inodes = ReadonlySet<number> | undefined;
type ListInodes = () => Inodes | Promise<Inodes>;

const listEveryMs = 1000;

/**
 * Which sockets belong to a process. What it has closed has no inode any more and stays its own: it still drains. The
 * descriptors are listed again when a socket shows up that is new, and once a second.
 */
export class ProcessSockets {
  readonly #listInodes: ListInodes;
  readonly #cookies = new Set<bigint>();
  #inodes: ReadonlySet<number> = new Set();
  #foreignInodes: ReadonlySet<number> = new Set();
  #listedAtMonoMs = Number.NEGATIVE_INFINITY;

  constructor(pid: number, listInodes: ListInodes = () => readSocketInodes(pid)) {
    this.#listInodes = listInodes;
  }

  async refresh(rows: readonly SocketName[], atMonoMs: number): Promise<void> {
    const isNew = (inode: number): boolean =>
      inode !== 0 && !this.#inodes.has(inode) && !this.#foreignInodes.has(inode);
    if (atMonoMs - this.#listedAtMonoMs >= listEveryMs || rows.some((row) => isNew(row.inode))) {
      this.#listedAtMonoMs = atMonoMs;
      this.#inodes = (await this.#listInodes()) ?? new Set();
      this.#foreignInodes = new Set(rows.map((row) => row.inode).filter((inode) => !this.#inodes.has(inode)));
    }
    for (const row of rows) if (this.#inodes.has(row.inode)) this.#cookies.add(row.cookie);
  }

  has(row: SocketName): boolean {
    return this.#cookies.has(row.cookie);
  }
}
