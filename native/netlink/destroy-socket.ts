import { parseIpAddress } from '#native/ip-address.ts';
import { addressFamilies } from './ip-family.ts';
import { wasRefused } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';
import type { TcpSocketRow } from './socket-table.ts';

/** SOCK_DESTROY (include/uapi/linux/sock_diag.h). */
const sockDestroy = 21;
const requestBytes = 56;
const tcp = 6;

/**
 * Closes one TCP socket as if its peer had reset it, as `ss -K` does. Done to one subflow, the MPTCP connection lives on
 * and sends what was on its way over the others at once. Needs CAP_NET_ADMIN; refused with EOPNOTSUPP by a kernel without
 * CONFIG_INET_DIAG_DESTROY. A socket that has gone meanwhile is what was wanted.
 */
export async function destroySocket(session: NetlinkSession, row: TcpSocketRow): Promise<void> {
  try {
    await session.request({ action: 'close a subflow', type: sockDestroy, payload: encodeSocketId(row) });
  } catch (thrown) {
    if (!wasRefused(thrown, 'ENOENT')) throw thrown;
  }
}

/** What names one socket: its ends, where it is bound, and its cookie (INET_DIAG_NOCOOKIE twice for any). */
export type SocketId = Pick<
  TcpSocketRow,
  'boundInterfaceIndex' | 'cookie' | 'family' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'
>;

/** struct inet_diag_req_v2 that names exactly one socket (include/uapi/linux/inet_diag.h). */
export function encodeSocketId(row: SocketId): Buffer {
  const payload = Buffer.alloc(requestBytes);
  payload.writeUInt8(addressFamilies[row.family], 0);
  payload.writeUInt8(tcp, 1);
  payload.writeUInt32LE(0xffff_ffff, 4);
  payload.writeUInt16BE(row.localPort, 8);
  payload.writeUInt16BE(row.remotePort, 10);
  addressBytes(row, row.localAddress).copy(payload, 12);
  addressBytes(row, row.remoteAddress).copy(payload, 28);
  payload.writeUInt32LE(row.boundInterfaceIndex, 44);
  payload.writeBigUInt64LE(row.cookie, 48);
  return payload;
}

/** An IPv6 socket with an IPv4 peer holds both addresses mapped (RFC 4291, section 2.5.5.2). */
function addressBytes({ family }: SocketId, address: string): Buffer {
  const bytes = parseIpAddress(address);
  const mapped = family === 'ipv6' && bytes.length === 4;
  return mapped ? Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), bytes]) : Buffer.from(bytes);
}
