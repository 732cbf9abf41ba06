import { SwitchyardError } from '#contract/errors.ts';
import type { ConnectionEnd, PortAtEnd, SocketName } from '#main/engine/ports.ts';
import { groupConnections, type Connection } from '#main/mptcp/connections.ts';
import { readSocketInodes } from '#main/mptcp/process-sockets.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readSockets, type MptcpSocketRow, type TcpSocketRow } from '#native/netlink/socket-table.ts';
import { connectedStates } from '#native/netlink/tcp-state.ts';
import type { NetworkPlace } from './network-place.ts';

/**
 * The connections that a process holds at a port, or that wait there to be accepted by it, read from the kernel's tables
 * alone. Throws where the descriptors of the process cannot be listed: then none of them can be told from another's.
 */
export async function readConnectionEnds(
  { namespace }: NetworkPlace,
  pid: number,
  port: PortAtEnd,
): Promise<readonly ConnectionEnd[]> {
  using session = openNetlinkSession('sock-diag', namespace);
  const ports = 'localPort' in port ? { localPorts: [port.localPort] } : { remotePorts: [port.remotePort] };
  const tables: { readonly tcp: TcpSocketRow[]; readonly mptcp: MptcpSocketRow[] } = { tcp: [], mptcp: [] };
  for (const family of ['ipv4', 'ipv6'] as const) {
    const query = { family, states: connectedStates, ...ports };
    // The whole connection first: what has arrived of it never counts more than what its subflows show later.
    tables.mptcp.push(...(await readSockets(session, { ...query, protocol: 'mptcp' })));
    tables.tcp.push(...(await readSockets(session, { ...query, protocol: 'tcp' })));
  }
  // After the tables: what is in them is held by now, unless it has been closed.
  const inodes = readSocketInodes(pid);
  if (!inodes) throw notListed(pid);
  return connectionEnds(tables, inodes);
}

/** From table rows to connections; a row without an inode belongs to no process yet, or to none any more. */
export function connectionEnds(
  tables: { readonly tcp: readonly TcpSocketRow[]; readonly mptcp: readonly MptcpSocketRow[] },
  inodes: ReadonlySet<number>,
): readonly ConnectionEnd[] {
  const rows = ({ socket, subflows }: Connection) => (socket ? [socket, ...subflows] : subflows);
  return groupConnections(tables, ({ inode }) => inode === 0 || inodes.has(inode))
    .filter(({ subflows }) => subflows.length > 0)
    .map((connection) => ({
      subflows: connection.subflows.map(namesOf),
      held: rows(connection).some(({ inode }) => inodes.has(inode)),
      established: connection.subflows.some(({ state }) => state !== 'syn-sent' && state !== 'syn-received'),
      ...countsOf(connection),
    }));
}

function countsOf({ protocol, socket, subflows }: Connection): Pick<ConnectionEnd, 'sequence' | 'bytes'> {
  const info = socket?.info;
  if (protocol === 'mptcp') {
    if (!info) return {};
    const { writeSequence: sent, unackedSequence: acked, receiveSequence: received } = info;
    return { sequence: { sent, acked, received } };
  }
  const [only] = subflows;
  if (!only?.info) return {};
  const { bytesAcked: acked, bytesReceived: received } = only.info;
  return { bytes: { sent: acked + only.sendQueueBytes, acked, received } };
}

function namesOf(row: TcpSocketRow): { readonly local: SocketName; readonly remote: SocketName } {
  return {
    local: { address: row.localAddress, port: row.localPort },
    remote: { address: row.remoteAddress, port: row.remotePort },
  };
}

function notListed(pid: number): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'connecting',
    event: 'connection-ends',
    text: `The descriptors of process ${pid} cannot be listed, so its connections cannot be distinguished from those of others.`,
    remedy: 'Run Switchyard as root, or as the user of that process.',
  });
}
