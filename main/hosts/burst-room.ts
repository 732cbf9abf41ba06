import type { QemuIdentity } from '#contract/host.ts';
import { socketInode } from '#main/mptcp/process-sockets.ts';
import { duplicateDescriptorOf, openProcess } from '#native/pidfd.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readSockets } from '#native/netlink/socket-table.ts';
import { setSocketOption } from '#native/socket-options.ts';
import type { Fd } from '#native/fd.ts';
import type { NetworkPlace } from './network-place.ts';
import { presenceOf } from './process/identity.ts';
import { readDescriptors } from './process/process-table.ts';

/**
 * What a sender may have under way before a QEMU reads its first byte. With the 128 KiB that a socket begins with, a connection
 * over several paths stands still for a retransmission timer, 200 ms, in most moves (Linux 6.18): it is missed that there is
 * room again.
 */
const firstBurstBytes = 4 * 2 ** 20;

/** The kernel enlarges a receive buffer to what is waited for, and leaves it so; setting its size would also fix it. */
export function makeRoom(socket: Fd): void {
  setSocketOption(socket, 'receiveLowWaterBytes', firstBurstBytes);
  setSocketOption(socket, 'receiveLowWaterBytes', 1);
}

/**
 * The same for what a process listens on at a port: its connections inherit it. Throws a `NativeError` where that process may not
 * be traced.
 */
export async function makeRoomAtListener(
  { namespace }: NetworkPlace,
  identity: QemuIdentity,
  port: number,
): Promise<void> {
  using process = openProcess(identity.pid);
  // The descriptor stands for this process for good: whether it is the right one is looked at after that.
  if (presenceOf(identity) === 'gone') return;
  for (const descriptor of await listenersOf(namespace, identity.pid, port)) {
    using socket = duplicateDescriptorOf(process, descriptor);
    makeRoom(socket);
  }
}

async function listenersOf(
  namespace: NetworkPlace['namespace'],
  pid: number,
  port: number,
): Promise<readonly number[]> {
  using session = openNetlinkSession('sock-diag', namespace);
  const inodes = new Set<number>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const query = { family, states: ['listen'], localPorts: [port] } as const;
    const tcp = await readSockets(session, { ...query, protocol: 'tcp' });
    const mptcp = await readSockets(session, { ...query, protocol: 'mptcp' });
    for (const { inode } of [...tcp, ...mptcp]) inodes.add(inode);
  }
  return [...readDescriptors(pid)].flatMap(([descriptor, target]) => {
    const inode = socketInode(target);
    return inode !== undefined && inodes.has(inode) ? [descriptor] : [];
  });
}
