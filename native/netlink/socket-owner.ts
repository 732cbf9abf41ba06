import { encodeSocketId } from './destroy-socket.ts';
import { ipFamilyOf } from './ip-family.ts';
import { malformed, wasRefused } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';
import { sockDiagByFamily } from './socket-table.ts';

/** One end of a TCP connection over loopback. */
export interface ConnectionEnd {
  readonly address: string;
  readonly port: number;
}

const responseBytes = 72;
/** Of loopback, in every network namespace. A socket that is bound to no interface is found with it as well. */
const loopbackIndex = 1;
/** INET_DIAG_NOCOOKIE, twice. */
const anyCookie = 0xffff_ffff_ffff_ffffn;

/**
 * The user whose process holds the TCP socket with exactly these ends, in the network of the session; `undefined` when no
 * process holds one. A listener has the port 0 at its remote end. One question for one socket, which the kernel looks up as
 * it would for a packet: so the IPv6 socket that talks to an IPv4-mapped address is found, and so is the subflow of an
 * MPTCP socket, which carries its owner's user (both measured on Linux 6.18). Needs no privilege. The user is named as in
 * the user namespace in which the session was opened.
 *
 * Of a socket that its process has closed the kernel says user 0 (TIME_WAIT, and on older kernels every orphan), and in
 * the place of one that has gone it may find a listener: neither is an answer. The first has no inode, the second other
 * ports.
 *
 * Source: include/uapi/linux/inet_diag.h; inet_diag_find_one_icsk and inet_twsk_diag_fill in net/ipv4/inet_diag.c.
 */
export async function socketOwner(
  session: NetlinkSession,
  local: ConnectionEnd,
  remote: ConnectionEnd,
): Promise<number | undefined> {
  const payload = encodeSocketId({
    family: ipFamilyOf(local.address),
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
    boundInterfaceIndex: loopbackIndex,
    cookie: anyCookie,
  });
  try {
    const messages = await session.request({ action: 'look up a TCP socket', type: sockDiagByFamily, payload });
    const row = messages.find(({ type }) => type === sockDiagByFamily);
    return row && ownerIn(row.payload, local, remote);
  } catch (error) {
    if (wasRefused(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** struct inet_diag_msg: both ports, idiag_uid and idiag_inode. */
function ownerIn(payload: Buffer, local: ConnectionEnd, remote: ConnectionEnd): number | undefined {
  if (payload.length < responseBytes) throw malformed(`a socket of ${payload.length} bytes`);
  const isThisOne = payload.readUInt16BE(4) === local.port && payload.readUInt16BE(6) === remote.port;
  const isHeld = payload.readUInt32LE(68) !== 0;
  return isThisOne && isHeld ? payload.readUInt32LE(64) : undefined;
}
