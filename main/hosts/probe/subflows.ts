import type { SocketName } from '#main/engine/ports.ts';
import { nameOf } from '#main/hosts/own-sockets/socket-name.ts';
import type { ProbeSubflow } from '#main/probe/ports.ts';
import type { Fd } from '#native/fd.ts';
import { readMptcpFullInfo } from '#native/mptcp-full-info.ts';
import { readSubflowAddresses, readSubflowTcpInfos } from '#native/mptcp-subflow-arrays.ts';
import type { SocketAddress } from '#native/socket-address.ts';
import { peerAddress } from '#native/socket.ts';
import { readTcpInfo, type TcpInfo } from '#native/tcp-info.ts';

/** The subflows of a connection, in one consistent reading where the kernel gives one (6.5); of plain TCP its one flow. */
export function readSubflows(fd: Fd, local: SocketName): ProbeSubflow[] {
  const whole = readMptcpFullInfo(fd);
  if (whole) return whole.subflows.flatMap(({ id, tcp, local: near, remote }) => subflowOf(id, near, remote, tcp));
  const addresses = readSubflowAddresses(fd);
  const counters = readSubflowTcpInfos(fd);
  if (addresses && counters) {
    return addresses.flatMap((ends, index) => {
      const tcp = counters[index];
      return tcp ? subflowOf(index + 1, ends.local, ends.remote, tcp) : [];
    });
  }
  const tcp = readTcpInfo(fd);
  const [family, { address, port }] = [local.address.includes(':') ? 'ipv6' : 'ipv4', local] as const;
  return tcp ? subflowOf(1, { family, address, port }, peerAddress(fd), tcp) : [];
}

/** None where the kernel does not name an end: a socket that is being closed. */
function subflowOf(
  id: number,
  local: SocketAddress | undefined,
  remote: SocketAddress | undefined,
  tcp: TcpInfo,
): ProbeSubflow[] {
  if (!local || !remote || local.family === 'unix' || remote.family === 'unix') return [];
  return [
    {
      id,
      localAddress: nameOf(local).address,
      remoteAddress: nameOf(remote).address,
      state: stateOf(tcp),
      bytesAcked: tcp.bytesAcked,
      minRttMs: tcp.minRttUs === undefined ? undefined : tcp.minRttUs / 1000,
      pathMtuBytes: tcp.pathMtuBytes,
      consecutiveTimeouts: tcp.consecutiveTimeouts,
      retransmittedSegments: tcp.retransmittedSegments,
      limitedByReceiverMs: tcp.limitedByReceiverUs / 1000,
    },
  ];
}

function stateOf({ state }: TcpInfo): ProbeSubflow['state'] {
  if (state === 'established') return 'established';
  return state === 'syn-sent' || state === 'syn-received' ? 'joining' : 'ending';
}
