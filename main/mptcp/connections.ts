import type { MptcpSocketRow, TcpSocketRow } from '#native/netlink/socket-table.ts';

/** What the kernel's socket tables held at one instant, already narrowed to the ports of one migration. */
export interface SocketSnapshot {
  readonly atMonoMs: number;
  readonly tcp: readonly TcpSocketRow[];
  readonly mptcp: readonly MptcpSocketRow[];
  /** TCP sockets that were destroyed since the snapshot before, with their last counters. */
  readonly destroyed: readonly TcpSocketRow[];
}

/** One connection of a process with the TCP sockets that carry it. */
export interface Connection {
  /** The MPTCP token as `ss` prints it, or `tcp-<local port>`. */
  readonly id: string;
  /** `tcp` also for an MPTCP socket that fell back. */
  readonly protocol: 'mptcp' | 'tcp';
  /** The process asked for MPTCP and got TCP. Seen on the connecting side only: the accepting side gets an ordinary socket. */
  readonly fallback: boolean;
  /** Absent for plain TCP, and for the moment in which only one of the two tables knows the connection. */
  readonly socket: MptcpSocketRow | undefined;
  /** In any TCP state; a join without an answer is `syn-sent`. */
  readonly subflows: readonly TcpSocketRow[];
}

/**
 * Puts sockets together to connections. The kernel gives every subflow the inode of its MPTCP socket, so `isOurs` can
 * decide by inode (or by cookie, for those that their process has closed and that still drain).
 */
export function groupConnections(
  snapshot: Pick<SocketSnapshot, 'tcp' | 'mptcp'>,
  isOurs: (row: TcpSocketRow | MptcpSocketRow) => boolean,
): Connection[] {
  const sockets = new Map<number, MptcpSocketRow>();
  for (const row of snapshot.mptcp) if (row.info && isOurs(row)) sockets.set(row.info.token, row);
  // A listener has no token, and neither has a socket that has not been connected yet.
  sockets.delete(0);

  const subflows = new Map<number, TcpSocketRow[]>([...sockets.keys()].map((token) => [token, []]));
  const plain: TcpSocketRow[] = [];
  for (const row of snapshot.tcp) {
    const token = row.subflow?.token ?? 0;
    const siblings = subflows.get(token);
    if (siblings) siblings.push(row);
    else if (!isOurs(row)) continue;
    else if (token === 0) plain.push(row);
    else subflows.set(token, [row]);
  }

  return [
    ...Array.from(subflows, ([token, rows]) => mptcpConnection(token, sockets.get(token), rows)),
    ...plain.map((row) => plainConnection(row)),
  ];
}

function mptcpConnection(
  token: number,
  socket: MptcpSocketRow | undefined,
  subflows: readonly TcpSocketRow[],
): Connection {
  const fallback = socket?.info?.hasFallenBack ?? false;
  return { id: formatToken(token), protocol: fallback ? 'tcp' : 'mptcp', fallback, socket, subflows };
}

function plainConnection(row: TcpSocketRow): Connection {
  return { id: `tcp-${row.localPort}`, protocol: 'tcp', fallback: false, socket: undefined, subflows: [row] };
}

/** `d27c32f1`, as `ss` and `ip mptcp monitor` print it. */
export function formatToken(token: number): string {
  return token.toString(16).padStart(8, '0');
}
